package keys

import (
	"slices"
	"strings"
	"testing"
)

// What an action is given holds on every screen that has it, and nowhere else.
func TestChosenKeysHoldEverywhere(t *testing.T) {
	table, err := Chosen{Remove: {"D", "delete"}, Quit: {"Q"}, Help: {"H", "f2"}, Open: {"enter", "o"}, Up: {"up", "i"}}.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		set  Set
		key  string
		want Action
	}{
		{ActiveTokens, "D", Remove}, {Members, "delete", Remove}, {ActiveTokens, "x", ""},
		{Global, "Q", Quit}, {Global, "q", ""}, {Global, "ctrl+c", Quit}, // always lets go
		{Typing, "Q", ""}, {Typing, "ctrl+c", Quit},
		{Global, "H", Help}, {Typing, "H", ""}, {Typing, "f2", Help}, {Typing, "f1", Help},
		{Instance, "o", ""}, {Instance, "e", Edit}, {Projects, "o", Open}, {Projects, "l", ""},
		{Calendar, "o", Open}, {Calendar, "l", NextWeek}, {Anything, "i", ""}, {Anything, "up", Up}, {Projects, "i", Up},
	} {
		if b, _ := Lookup(c.key, table.Of(c.set)); b.Action != c.want {
			t.Errorf("%s: %s does %q, want %q", c.set.Title, c.key, b.Action, c.want)
		}
	}
}

func TestNothingChosenIsAsUsual(t *testing.T) {
	table, err := Chosen{}.Table()
	if err != nil {
		t.Fatal(err)
	}
	for i, set := range table.Sets() {
		for j, b := range set.Bindings {
			if !slices.Equal(b.Keys, Sets()[i].Bindings[j].Keys) {
				t.Errorf("%s: %s", set.Title, b.Action)
			}
		}
	}
	// Each action's usual keys may be written down, too.
	for _, set := range Sets() {
		for _, b := range set.Bindings {
			if main, _ := principal(Sets(), b.Action); !slices.Contains(fixed, b.Action) {
				if _, err := (Chosen{b.Action: main.Keys}).Table(); err != nil {
					t.Errorf("%s: %v", b.Action, err)
				}
			}
		}
	}
}

func TestChosenKeysThatCantBe(t *testing.T) {
	for _, c := range []struct {
		chosen Chosen
		says   string
	}{
		{Chosen{"revok": {"D"}}, `no action "revok"`},
		{Chosen{"revoke": {"D"}}, `"remove"?`},
		{Chosen{"half_up": {"D"}}, `"half-up"?`},
		{Chosen{Remove: {"r"}}, `r can't be both "remove" and "rotate"`},
		{Chosen{Remove: {"g"}}, `g can't be both "remove" and "go"`},
		{Chosen{Remove: {"r"}, Rotate: {"x"}}, ""},
		{Chosen{Remove: {"esc"}}, "esc is kept"},
		{Chosen{Remove: {}}, "has no key"},
		{Chosen{Snippet: {"7"}}, "can't be chosen"},
		{Chosen{Remove: {"shift+d"}}, `write "D"`},
		{Chosen{Remove: {"ctrl+D"}}, `write "ctrl+d"`},
		{Chosen{Remove: {"ctrl+i"}}, "from tab"},
		{Chosen{Remove: {"pgdn"}}, "pgdown"},
		{Chosen{Remove: {" "}}, "space"},
		{Chosen{Remove: {"\x1b"}}, "no key"},
		{Chosen{Remove: {"hyper+x"}}, "ctrl, alt or shift"},
		{Chosen{Create: {"f5"}}, ""},
		{Chosen{GoTokens: {"p"}}, `"tokens" and "projects"`},
	} {
		_, err := c.chosen.Table()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.chosen, err, c.says)
		}
	}
}
