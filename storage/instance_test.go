package storage

import (
	"strings"
	"testing"

	"patrol/model"
)

// R1: one database is one instance, with a kind and a host name. On saas the
// plan counts (R81), and the host stands in the addresses of bots (R104), also
// of those that are there already.
func TestInstance(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	if !strings.HasSuffix(made.User.Email, "@noreply.localhost") {
		t.Errorf("R1, R104: %s", made.User.Email)
	}
	for key, value := range map[string]string{model.SettingHost: "git.example.org", model.SettingInstanceKind: model.SaaS} {
		if _, err := db.ChangeSetting(t.Context(), root, key, value); err != nil {
			t.Fatal(err)
		}
	}
	if bot, err := db.User(t.Context(), root, made.User.ID, ""); err != nil || bot.Email != bot.Username+"@noreply.git.example.org" {
		t.Errorf("R1, R104: %+v, %v", bot, err)
	}
	_, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "x", Scopes: model.Scopes{model.ScopeAPI}})
	refused(t, "R1", err, model.ErrDenied, "R81")
}

// R151: a group's bot is a member of the group only. What is in the group has it
// by inheritance (R105), and it works there with its role (R10).
func TestGroupBotMembership(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/infra/dns")
	made := addToken(t, db, root, model.GroupRef("acme"), "deploy")
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	for place, direct := range map[model.Ref]bool{model.GroupRef("acme"): true, model.GroupRef("acme/infra"): false, p.Ref(): false} {
		for _, inherited := range []bool{false, true} {
			list, err := db.Members(t.Context(), root, place, inherited, made.User.Username, model.Page{})
			if err != nil || (len(list.Rows) == 1) != (direct || inherited) {
				t.Errorf("R151: %+v, inherited %v: %+v, %v", place, inherited, list.Rows, err)
			}
		}
	}
	if seen, err := db.Project(t.Context(), bot, p.Ref()); err != nil || seen.Role != model.Developer || seen.DirectRole != model.NoRole {
		t.Errorf("R151: %+v, %v", seen, err)
	}
}

// R190's rows: each setting's default, and that it keeps what it is given.
func TestSettingRows(t *testing.T) {
	db := open(t, Options{})
	for row, values := range map[string][2]string{
		"R190/instance_kind":                         {"self_managed", "saas"},
		"R190/host":                                  {"localhost", "git.example.org"},
		"R190/personal_access_token_prefix":          {"glpat-", ""},
		"R190/max_personal_access_token_lifetime":    {"", "90"},
		"R190/bot_retention_days":                    {"0", "30"},
		"R190/expired_bot_retention_days":            {"30", "0"},
		"R190/require_personal_access_token_expiry":  {"true", "true"},
		"R190/allow_token_in_query":                  {"true", "false"},
		"R190/container_registry_token_expire_delay": {"5", "60"},
		"R190/url": {"", "https://git.example.org/patrol"},
	} {
		t.Run(row, func(t *testing.T) {
			key := row[len("R190/"):]
			if value, err := db.Setting(t.Context(), key); err != nil || value != values[0] {
				t.Errorf("by default %q, %v", value, err)
			}
			if _, err := db.ChangeSetting(t.Context(), root, key, values[1]); err != nil {
				t.Fatal(err)
			}
			if value, err := db.Setting(t.Context(), key); err != nil || value != values[1] {
				t.Errorf("%q, %v instead of %q", value, err, values[1])
			}
		})
	}
}
