package keys

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Table is the sets in force by their titles: those of somebody who has chosen
// keys of his own. The empty one has the usual keys.
type Table map[string]Set

// Of is a set with the keys in force.
func (t Table) Of(s Set) Set {
	if own, ok := t[s.Title]; ok {
		return own
	}
	return s
}

// Sets lists every set with the keys in force.
func (t Table) Sets() []Set {
	sets := Sets()
	for i := range sets {
		sets[i] = t.Of(sets[i])
	}
	return sets
}

// fixed are the actions whose keys can't be chosen: those of which each key means
// something of its own, and the ways through a form or out of a box.
var fixed = []Action{Place, Choose, Field, Number, Snippet, Next, Tick, Keep, Leave, Cancel, Answer, Yes, No}

// reserved are the keys that always do what they usually do, so that nobody
// locks himself in.
var reserved = []string{"esc", "ctrl+c", "enter"}

// texts are the sets with which something is typed: letters are text there.
var texts = []string{Typing.Title, TextField.Title, FilterLine.Title, TypedAnswer.Title, Paste.Title, Anything.Title, Day.Title}

// alone are the sets in whose screens no other set's keys count.
var alone = []string{Question.Title, Secret.Title, HelpPage.Title, Places.Title, Global.Title, Anything.Title, Day.Title}

// A Wrong is a choice of keys that is refused, and for which action.
type Wrong struct {
	Action Action
	Text   string
}

func (w *Wrong) Error() string { return w.Text }

// Chosen are the keys that somebody wants for actions.
type Chosen map[Action][]string

// Table is the usual keys with the chosen ones instead.
func (s Chosen) Table() (Table, error) {
	usual := Sets()
	for _, action := range slices.Sorted(maps.Keys(s)) { // of two mistakes always the same one is told
		if err := s.wrong(usual, action, s[action]); err != nil {
			return nil, err
		}
	}
	t := Table{}
	for _, set := range usual {
		t[set.Title] = s.apply(set, usual)
	}
	return t, s.conflict(t)
}

// wrong is why an action can't have these keys whatever others have.
func (s Chosen) wrong(usual []Set, action Action, list []string) error {
	refuse := func(format string, args ...any) error { return &Wrong{action, fmt.Sprintf(format, args...)} }
	main, ok := principal(usual, action)
	switch {
	case !ok:
		return refuse("there is no action %q%s: `patrol keys` lists them", action, near(usual, action))
	case slices.Contains(fixed, action):
		return refuse("the keys of %q can't be chosen: take the line out", action)
	case len(list) == 0:
		return refuse("%q has no key: write one, or take the line out", action)
	}
	for _, key := range list {
		if why := misspelt(key); why != "" {
			return refuse("%s", why)
		}
		if slices.Contains(reserved, key) && !slices.Contains(main.Keys, key) {
			return refuse("%s is kept for what it usually does: give %q another key", key, action)
		}
	}
	return nil
}

// principal is an action's first binding, whose keys are the ones that are
// chosen; if it can be, not the one after g.
func principal(sets []Set, action Action) (b Binding, ok bool) {
	for _, set := range sets {
		for _, each := range set.Bindings {
			if each.Action != action {
				continue
			}
			if b, ok = each, true; set.Title != Places.Title {
				return b, true
			}
		}
	}
	return b, ok
}

// apply is a set with the chosen keys. Where the set usually has other keys than
// the action's first binding it keeps those; where it has fewer, because others
// take them there, it still does without them.
func (s Chosen) apply(set Set, usual []Set) Set {
	set.Bindings = slices.Clone(set.Bindings)
	for i, b := range set.Bindings {
		list, ok := s[b.Action]
		if !ok {
			continue
		}
		main, _ := principal(usual, b.Action)
		if set.Title == Places.Title && !slices.Equal(b.Keys, main.Keys) { // g g
			continue
		}
		var now []string
		for _, key := range list {
			narrower := len(b.Keys) < len(main.Keys)
			taken := narrower && slices.ContainsFunc(set.Bindings, func(other Binding) bool { return other.Action != b.Action && slices.Contains(other.Keys, key) })
			if fits(set, key) && !taken && !slices.Contains(now, key) {
				now = append(now, key)
			}
		}
		for _, key := range b.Keys {
			if (!slices.Contains(main.Keys, key) || slices.Contains(reserved, key)) && !slices.Contains(now, key) {
				now = append(now, key)
			}
		}
		if len(now) > 0 {
			set.Bindings[i].Keys = now
		}
	}
	return set
}

// fits tells whether a key may be a command of a set: what is typed may not.
func fits(set Set, key string) bool {
	text := utf8.RuneCountInString(key) == 1 || slices.Contains([]string{"space", "left", "right", "home", "end", "backspace", "delete"}, key)
	return !text || !slices.Contains(texts, set.Title)
}

// conflict is a key that would do two things on one screen.
func (s Chosen) conflict(t Table) error {
	for _, set := range t.Sets() {
		together := []Set{set}
		switch {
		case slices.Contains(alone, set.Title):
		case isTyping(set):
			together = append(together, t.Of(Typing))
		default:
			together = append(together, t.Of(Global))
		}
		seen := map[string]Action{}
		for _, one := range together {
			for _, b := range one.Bindings {
				for _, key := range b.Keys {
					other, ok := seen[key]
					seen[key] = b.Action
					if !ok || other == b.Action || usually(set, key, other, b.Action) {
						continue
					}
					guilty, kept := b.Action, other
					if _, chosen := s[guilty]; !chosen {
						guilty, kept = other, guilty
					}
					return &Wrong{guilty, fmt.Sprintf("%s can't be both %q and %q (%s): choose another key, or give %q one, too", key, guilty, kept, set.Title, kept)}
				}
			}
		}
	}
	return nil
}

func isTyping(set Set) bool {
	return slices.Contains(texts, set.Title) || slices.Contains([]string{ChipField.Title, NumberedField.Title, TickField.Title}, set.Title)
}

// usually tells whether the screen has that key for both without anybody's
// choice: its own action is the nearer one.
func usually(set Set, key string, own, shared Action) bool {
	var both int
	for _, usual := range []Set{find(set.Title), Global, Typing} {
		for _, b := range usual.Bindings {
			if (b.Action == own || b.Action == shared) && slices.Contains(b.Keys, key) {
				both++
			}
		}
	}
	return both > 1
}

func find(title string) Set {
	sets := Sets()
	return sets[slices.IndexFunc(sets, func(s Set) bool { return s.Title == title })]
}
