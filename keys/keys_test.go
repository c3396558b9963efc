package keys

import (
	"flag"
	"os"
	"slices"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite docs/keys.md")

// typing sets stand with Typing, all others with Global.
var typing = map[string]bool{
	TextField.Title: true, ChipField.Title: true, NumberedField.Title: true, TickField.Title: true, FilterLine.Title: true, TypedAnswer.Title: true, Paste.Title: true,
}

// instead are the screens on which keys of one of Global's actions do something
// nearer: where nothing can be taken back, and where left is a week.
var instead = map[string]Action{Bulk.Title: Undo, Calendar.Title: Back}

func TestNoKeyTwice(t *testing.T) {
	for _, set := range Sets() {
		sets := []Set{set}
		switch {
		case set.Title == Question.Title || set.Title == Anything.Title || set.Title == Day.Title || set.Title == Secret.Title /* its digits are snippets */ || set.Title == HelpPage.Title || set.Title == Places.Title:
		case typing[set.Title] && set.Title != Typing.Title:
			sets = append(sets, Typing)
		case set.Title != Global.Title && set.Title != Typing.Title:
			sets = append(sets, Global)
		}
		seen := map[string]Action{}
		if action := instead[set.Title]; action != "" {
			sets[1] = Set{"", slices.DeleteFunc(slices.Clone(Global.Bindings), func(b Binding) bool { return b.Action == action })}
		}
		for _, s := range sets {
			for _, b := range s.Bindings {
				for _, key := range b.Keys {
					if other, ok := seen[key]; ok {
						t.Errorf("%s: key %q is both %s and %s", set.Title, key, other, b.Action)
					}
					seen[key] = b.Action
				}
			}
		}
	}
}

func TestEveryBindingIsExplained(t *testing.T) {
	for _, set := range Sets() {
		for _, b := range set.Bindings {
			if b.Short == "" || b.Long == "" || len(b.Keys) == 0 || b.Action == "" {
				t.Errorf("%s: %+v", set.Title, b)
			}
		}
	}
}

func TestTypingLeavesLettersAlone(t *testing.T) {
	for _, set := range append([]Set{Typing}, TextField, FilterLine, TypedAnswer) {
		for _, b := range set.Bindings {
			for _, key := range b.Keys {
				if utf8.RuneCountInString(key) == 1 || key == "space" || key == "left" || key == "right" {
					t.Errorf("%s: %q would be lost to the text", set.Title, key)
				}
			}
		}
	}
}

func TestFooter(t *testing.T) {
	all := func(b Binding) string { return b.Short }
	for _, c := range []struct {
		width int
		want  string
	}{
		{80, "enter open  t token  e settings  n project  / filter  g go  : command  ? help"},
		{30, "enter open  t token  ? help"},
		{8, "? help"},
		{3, "?"},
	} {
		if got := Footer(c.width, all, Projects, Global); got != c.want {
			t.Errorf("width %d: %q, want %q", c.width, got, c.want)
		}
	}
	without := func(b Binding) string {
		if b.Changes {
			return ""
		}
		return b.Short
	}
	if got, want := Footer(80, without, Projects, Global), "enter open  e settings  / filter  g go  : command  ? help"; got != want {
		t.Errorf("read-only: %q, want %q", got, want)
	}
}

func TestDocumentIsCurrent(t *testing.T) {
	const file = "../docs/keys.md"
	if *update {
		if err := os.WriteFile(file, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Document() {
		t.Errorf("%s differs from the table: run go test ./keys -update", file)
	}
}
