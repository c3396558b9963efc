package ui

import (
	"fmt"
	"testing"

	"patrol/model"
	"patrol/storage"
)

var sizes = []struct{ w, h int }{{80, 24}, {160, 50}, {60, 15}}

// views are the screens, and the keys that open them from the first one; what
// is typed stands in ‹›.
var views = []struct{ name, keys string }{
	{"home", ""},
	{"go", "g"},
	{"projects", "g p"},
	{"groups", "g r"},
	{"tokens", "g t"},
	{"tokens-filter", "g t / ‹role:owner›"},
	{"tokens-wrong", "g t / ‹role:owner exipres:<30d›"},
	{"tokens-nothing", "g t / ‹scope:k8s_proxy› enter"},
	{"place", "g p down enter"},
	{"place-marked", "g p down enter space down space"},
	{"inactive", "g p down enter tab"},
	{"members", "g p down enter tab tab"},
	{"settings", "g p down enter tab tab tab"},
	{"can", "g p down enter tab tab tab tab"},
	{"can-why", "g p down enter tab tab tab tab enter"},
	{"group-can", "g r enter tab tab tab tab"},
	{"group-settings", "g r enter tab tab tab"},
	{"detail", "g p down enter enter"},
	{"revoke", "g p down enter x"},
	{"revoke-many", "g p down enter a x"},
	{"calendar", "g t v"},
	{"calendar-place", "g p down enter v down down"},
	{"revoke-many-asked", "g p down enter a x enter"},
	{"rotate-many", "g p down enter a r"},
	{"rotate-many-form", "g p down enter a r enter"},
	{"rotate-many-secrets", "g p down enter a r enter ctrl+s"},
	{"new-project", "g p n ‹acme/new›"},
	{"new-group", "g r n ‹acme›"},
	{"new-token", "g p down enter n down ‹deploy› down down down down down down down down down space"},
	{"new-token-for", "g p down enter n 3 down ‹ci-images›"},
	{"no-token", "g p down down t"},
	{"add-member", "g p down enter tab tab n ‹mara›"},
	{"rotate", "g p down enter r"},
	{"refused", "g p down enter w"},
	{"paste", "g w ‹nothing of ours›"},
	{"who", "g u"},
	{"block", "g u / ‹sam› enter b"},
	{"log", "g a"},
	{"entry", "g a enter"},
	{"instance", "g s"},
	{"setting", "g s down enter"},
	{"theme", "g s T"},
	{"help", "g p ?"},
	{"palette", "g p :"},
	{"palette-typed", "g p : ‹token›"},
}

// open plays the keys of a view; ok is false where its keys lead nowhere.
func open(d *driver, spec string) {
	d.t.Helper()
	for spec != "" {
		var head string
		if i := indexOr(spec, "‹"); i > 0 {
			head, spec = spec[:i], spec[i:]
			d.keys(head)
			continue
		}
		end := indexOr(spec, "›")
		d.text(spec[len("‹"):end])
		spec = spec[min(end+len("›"), len(spec)):]
	}
}

func indexOr(s, mark string) int {
	for i := range s {
		if len(s) >= i+len(mark) && s[i:i+len(mark)] == mark {
			return i
		}
	}
	return len(s)
}

func each(t *testing.T, state string, db *storage.DB, actor model.Actor, play func(d *driver, keys string)) {
	for _, view := range views {
		for _, size := range sizes {
			name := fmt.Sprintf("%s/%s-%dx%d", state, view.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				c := config(db)
				c.Actor = actor
				d := drive(t, c, size.w, size.h)
				play(d, view.keys)
				d.pass(followWait)
				d.golden(name)
			})
		}
	}
}

func TestScreens(t *testing.T) {
	each(t, "full", full(t).db, root, func(d *driver, keys string) { open(d, keys) })
}

func TestScreensEmpty(t *testing.T) {
	each(t, "empty", begin(t).db, root, func(d *driver, keys string) { open(d, keys) })
}

func TestScreensReadOnly(t *testing.T) {
	db := full(t).db
	ines := must(db.User(t.Context(), root, 0, "ines"))
	each(t, "readonly", db, model.Actor{UserID: ines.ID, Door: model.ConsoleDoor}, func(d *driver, keys string) { open(d, keys) })
}

func TestScreensStrangeNames(t *testing.T) {
	each(t, "strange", strange(t), root, func(d *driver, keys string) { open(d, keys) })
}

// The last screen of each view is still being read.
func TestScreensLoading(t *testing.T) {
	each(t, "loading", full(t).db, root, func(d *driver, spec string) {
		cut := 0
		for i := range spec {
			if spec[i] == ' ' && indexOr(spec[:i], "‹") == i {
				cut = i
			}
		}
		open(d, spec[:cut])
		d.hold = true
		open(d, spec[cut:])
		d.pass(slowAfter)
	})
}

// The database breaks while the console is open.
func TestScreensError(t *testing.T) {
	for _, view := range []struct{ name, keys string }{
		{"home", "R"}, {"projects", "g p"}, {"tokens", "g t"}, {"new-project", "n ‹acme/new›"},
	} {
		for _, size := range sizes {
			name := fmt.Sprintf("error/%s-%dx%d", view.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				s := full(t)
				d := drive(t, config(s.db), size.w, size.h)
				s.damage()
				d.poll()
				open(d, view.keys)
				d.golden(name)
			})
		}
	}
}
