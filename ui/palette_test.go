package ui

import (
	"strings"
	"testing"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// : goes to anything by its name, and does what the screen below can.
func TestPalette(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g p : ").text("make proj").shows("make a project")
	d.keys("enter").shows("New project")
	d.keys("esc : ").text("go to lo").keys("enter").shows("› Log")
	d.keys(":").text("dns").pass(paletteRests).shows("acme/infra/dns  project")
	d.keys("enter").shows("acme/infra/dns", "[Active")
	d.keys(":").text("terraf").pass(paletteRests).shows("terraform  token of acme").keys("enter").shows("acme › terraform", "HISTORY")
	d.keys(":").text("t role:owner").keys("enter").shows("All tokens", "role:owner", "zones").hides("deploy")
	d.keys(":").text("u mara").keys("enter").shows("› Who", "mara").hides("sam")
	d.keys(":").text("p notes").keys("enter").shows("› Projects", "labs/notes").hides("acme/web")
	d.keys(":").text("4").keys("enter").shows("acme/web › deploy")
	d.keys(":").text("bot_ret").shows("set bot_retention_days").keys("enter").shows("Settings › bot_retention_days")
	d.keys("esc :").text("t exipres:<3d").shows("✕ tokens: exipres:<3d").keys("enter").shows("exipres")
	d.keys(":").text("nothing of ours").pass(paletteRests).shows("nothing is called that").keys("esc").hides("nothing is called that")
}

// What isn't allowed comes last, with the reason, and does nothing.
func TestPaletteRefuses(t *testing.T) {
	s := full(t)
	c := config(s.db)
	ines := must(s.db.User(t.Context(), root, 0, "ines"))
	c.Actor = model.Actor{UserID: ines.ID, Door: model.ConsoleDoor}
	d := drive(t, c, 80, 24)
	d.keys("g p : ").text("make a project").shows("✕ make a project", "auditors only read").keys("enter").shows("auditors only read", "› Projects")
}

// A secret that is typed or pasted leads to whose it is, and isn't kept.
func TestPaletteSecret(t *testing.T) {
	s := full(t)
	made := s.token(model.ProjectRef("acme/web"), "leak", model.Developer, 20, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys(":")
	d.send(tea.PasteMsg{Content: made.Secret.Reveal()})
	d.shows("whose is it").keys("enter").shows("1 secret")
	d.keys("esc :").shows("make a project")
	if strings.Contains(d.screen(), made.Secret.Reveal()) {
		t.Error("R143: the secret is kept")
	}
	d.send(tea.PasteMsg{Content: "x\n" + strings.Repeat("log line\n", 1000) + made.Secret.Reveal()})
	d.shows("1 secret")
}

// In a form it does what the form can, for terminals that swallow ctrl+s.
func TestPaletteInForm(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g p n").text("acme/new").keys("ctrl+p").text("create").shows("create, from anywhere in the form").keys("enter").shows("acme/new")
	d.shows("No active tokens in acme/new")
}

// The digits are the five places, and the comma the settings.
func TestPlaceKeys(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	for key, title := range map[string]string{"2": "All tokens", "3": "Projects", "4": "Who", "5": "Log", ",": "Settings", "1": "Now"} {
		d.keys(key).shows("› " + title)
	}
}

func TestFits(t *testing.T) {
	for typed, want := range map[string]int{"acme/w": 0, "": 0, "web": 1, "we ac": 1, "eb": 2, "aw": 3} {
		if rank, ok := fits(typed, "acme/web"); !ok || rank != want {
			t.Errorf("%q: %d %v, want %d", typed, rank, ok, want)
		}
	}
	if _, ok := fits("xyz", "acme/web"); ok {
		t.Error("xyz fits")
	}
}
