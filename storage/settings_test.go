package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// R190, R191, R33, R10: settings are read by administrators and auditors and
// changed by administrators; a wrong value or key changes nothing.
func TestSettings(t *testing.T) {
	db := open(t, Options{})
	_, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	_, asLena := addPerson(t, db, model.NewUser{Username: "lena", Auditor: true})
	list, err := db.Settings(t.Context(), asLena)
	if err != nil || len(list) != len(model.DefaultSettings()) || list[0].Key != model.SettingInstanceKind || list[0].Value != model.SelfManaged {
		t.Errorf("R190: %+v, %v", list, err)
	}
	unchanged(t, db, "settings", func() error {
		_, err := db.Settings(t.Context(), asMara)
		refused(t, "R33", err, model.ErrDenied, "R33")
		for _, a := range []model.Actor{asMara, asLena} {
			_, err = db.ChangeSetting(t.Context(), a, model.SettingHost, "acme.test")
			refused(t, "R33", err, model.ErrDenied, "R33")
		}
		for key, value := range map[string]string{model.SettingMaxLifetime: "366", model.SettingInstanceKind: "cloud", model.SettingPrefix: "ä",
			model.SettingBotRetention: "-1", model.SettingRequireExpiry: "false", model.SettingHost: "a\x1bb", model.SettingURL: "ftp://x"} {
			_, err = db.ChangeSetting(t.Context(), root, key, value)
			refused(t, "R191 "+key, err, model.ErrInvalid, "R191")
		}
		_, err = db.ChangeSetting(t.Context(), root, "nonsense", "1")
		refused(t, "R191", err, model.ErrNotFound, "R191")
		_, err = db.ChangeSetting(t.Context(), root, model.SettingHost, "localhost")
		return err
	})
	s, err := db.ChangeSetting(t.Context(), root, model.SettingHost, "acme.test")
	if err != nil || s.Value != "acme.test" || s.Default != "localhost" {
		t.Errorf("R190: %+v, %v", s, err)
	}
	if value, err := db.Setting(t.Context(), model.SettingHost); err != nil || value != "acme.test" {
		t.Errorf("Setting: %q, %v", value, err)
	}
	if _, err := db.Setting(t.Context(), "nonsense"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("Setting: %v", err)
	}
	if mara, err := db.AddUser(t.Context(), root, model.NewUser{Username: "tom"}); err != nil || mara.Email != "tom@acme.test" {
		t.Errorf("the new host counts at once: %+v, %v", mara, err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.SettingChanged, UserID: model.RootID}, model.Page{})
	if err != nil || entries.Rows[0].Change != `{"host":["localhost","acme.test"]}` {
		t.Errorf("R160: %+v, %v", entries.Rows, err)
	}
}

// R190/url: a running server records its address, without a person, and only a
// real change is audited.
func TestRecordURL(t *testing.T) {
	db := open(t, Options{})
	if url, err := db.URL(t.Context()); err != nil || url != "" {
		t.Errorf("at first: %q, %v", url, err)
	}
	if err := db.RecordURL(t.Context(), "http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	unchanged(t, db, "the same address", func() error { return db.RecordURL(t.Context(), "http://127.0.0.1:8080") })
	unchanged(t, db, "no address", func() error {
		err := db.RecordURL(t.Context(), "http://user:secret@host/")
		refused(t, "R191", err, model.ErrInvalid, "R191")
		return err
	})
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{})
	if url, e := db.URL(t.Context()); e != nil || err != nil || url != "http://127.0.0.1:8080" || len(entries.Rows) != 1 || entries.Rows[0].Door != model.SystemDoor {
		t.Errorf("%q, %+v, %v, %v", url, entries.Rows, e, err)
	}
}

// R70–R72: the flag globally and of projects, set and forgotten.
func TestFeatures(t *testing.T) {
	db := open(t, Options{})
	_, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	web, dns := addProject(t, db, "acme/web"), addProject(t, db, "acme/dns")
	state := func() string {
		list, err := db.Features(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range list {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %t", f.Path, f.On)))
		}
		if list[0].Default {
			all[0] = "default"
		}
		return strings.Join(all, ", ")
	}
	creation := func(p model.Project) string {
		list, err := db.Projects(t.Context(), root, model.PlaceQuery{Search: p.FullPath, Counts: true}, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return list.Rows[0].Creation.Rule
	}
	set := func(in model.Ref, on *bool, want string) {
		t.Helper()
		if err := db.SetFeature(t.Context(), root, in, on); err != nil {
			t.Error(err)
		}
		if got := state(); got != want {
			t.Errorf("R71: %s, not %s", got, want)
		}
		unchanged(t, db, "the same again", func() error { return db.SetFeature(t.Context(), root, in, on) })
	}
	set(model.Ref{}, nil, "default")
	set(model.Ref{}, ptr(false), "false")
	if creation(web) != "R70" {
		t.Error("R70: off globally")
	}
	set(web.Ref(), ptr(true), "false, acme/web true")
	if creation(web) != "" || creation(dns) != "R70" {
		t.Error("R71: a project's own value beats the global one")
	}
	set(model.Ref{Path: "acme/dns"}, ptr(false), "false, acme/dns false, acme/web true")
	set(model.Ref{}, ptr(true), "true, acme/dns false, acme/web true")
	set(web.Ref(), nil, "true, acme/dns false")
	set(model.Ref{}, nil, "default, acme/dns false")
	unchanged(t, db, "refused", func() error {
		refused(t, "R33", db.SetFeature(t.Context(), asMara, model.Ref{}, ptr(false)), model.ErrDenied, "R33")
		refused(t, "R33 before the project is looked for", db.SetFeature(t.Context(), asMara, model.ProjectRef("no/where"), nil), model.ErrDenied, "R33")
		refused(t, "unknown project", db.SetFeature(t.Context(), root, model.ProjectRef("no/where"), nil), model.ErrNotFound, "R35")
		_, err := db.Features(t.Context(), asMara)
		refused(t, "R33", err, model.ErrDenied, "R33")
		return err
	})
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.FeatureChanged, In: dns.Ref()}, model.Page{})
	if err != nil || len(entries.Rows) != 1 || entries.Rows[0].Change != `{"resource_access_token":["default","off"]}` {
		t.Errorf("R160: %+v, %v", entries.Rows, err)
	}
}
