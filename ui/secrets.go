package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// kept is a new secret, and whether the person has said that it is stored.
type kept struct {
	model.IssuedToken
	stored, shown bool
}

// secrets is the one screen that has the secrets of a bulk rotation, once. Each
// is ticked by itself; leaving drops them.
type secrets struct {
	*list[*kept]
	kept   []*kept
	hiding request
}

func newSecrets(a *App, made []model.IssuedToken) *secrets {
	s := &secrets{}
	for _, issued := range made {
		s.kept = append(s.kept, &kept{IssuedToken: issued})
	}
	l := &list[*kept]{app: a, keys: keys.Secrets, what: "secrets", id: func(k *kept) int64 { return k.ID }}
	s.list = l
	l.path = func() []string { return []string{"Rotate " + plural(len(made), "token"), "Secrets"} }
	l.who = a.kind
	l.aside = func() string {
		return fmt.Sprintf("%d of %d stored; shown now and never again", len(s.kept)-len(s.unstored()), len(s.kept))
	}
	l.columns = []column[*kept]{
		{head: "PROJECT", worth: 5, least: 12, middle: true, cell: func(k *kept) string { return clean(k.Owner()) }},
		{head: "NAME", worth: 1, least: 12, cell: func(k *kept) string { return clean(k.Name) }},
		{head: "NEW ID", worth: 3, right: true, cell: func(k *kept) string { return fmt.Sprint(k.ID) }},
		{head: "EXPIRES", worth: 6, cell: func(k *kept) string { return k.ExpiresOn.String() }},
		{head: "SECRET", worth: 4, cell: func(k *kept) string {
			if k.shown {
				return k.Secret.Reveal()
			}
			return dots + dots
		}},
		{head: "STORED", worth: 2, cell: func(k *kept) string {
			if k.stored {
				return "[" + a.theme.paint(accent, "✓") + "]"
			}
			return "[ ]"
		}},
	}
	l.fetch = func(_ context.Context, _ wanted, p model.Page) (found model.List[*kept], err error) {
		from, _ := strconv.Atoi(p.After) // our own; the first page has none
		to := min(from+p.Limit, len(s.kept))
		if to < len(s.kept) {
			found.Next = strconv.Itoa(to)
		}
		found.Rows, found.Total = s.kept[from:to], len(s.kept)
		return found, nil
	}
	l.deeds = map[keys.Action]deed{
		keys.CopySecret: l.row(s.copy, nil),
		keys.Show:       l.row(s.show, nil),
		keys.Stored: l.row(func(k *kept) tea.Cmd {
			k.stored = !k.stored
			cmd := l.move(l.cur + 1)
			l.measure()
			return cmd
		}, nil),
		keys.Write: {do: s.write, can: func() error {
			if a.env.remote() {
				return errors.New("a file would be on the server's machine: only who sits there can write one")
			}
			if a.env["HOME"] == "" {
				return errors.New("there is no home folder to write it to: set HOME")
			}
			return nil
		}},
	}
	return s
}

// unstored are those that aren't stored yet.
func (s *secrets) unstored() (list []*kept) {
	for _, k := range s.kept {
		if !k.stored {
			list = append(list, k)
		}
	}
	return list
}

func (s *secrets) copy(k *kept) tea.Cmd {
	text := k.Secret.Reveal()
	return s.app.copyOut(text, func(c copied) tea.Cmd {
		s.app.say(okay, clean(k.Name)+": "+c.text)
		if c.local {
			return s.app.emptyLater(k.Secret.Digest())
		}
		return nil
	})
}

// show shows one secret at a time.
func (s *secrets) show(k *kept) tea.Cmd {
	shown := !k.shown
	s.hide()
	k.shown = shown
	s.measure()
	return s.app.wait(&s.hiding, showFor, func() tea.Cmd {
		s.hide()
		return nil
	})
}

func (s *secrets) hide() {
	for _, k := range s.kept {
		k.shown = false
	}
	s.measure()
}

// write puts all of them into a file that nobody else can read, and ticks them.
func (s *secrets) write() tea.Cmd {
	a := s.app
	var text strings.Builder
	for _, k := range s.kept {
		fmt.Fprintf(&text, "%d\t%s\t%s\t%s\t%s\n", k.ID, clean(k.Owner()), clean(k.Name), k.ExpiresOn, k.Secret.Reveal())
	}
	name := filepath.Join(a.env["HOME"], "patrol-secrets-"+a.now().Format("20060102-150405")+".tsv")
	return attempt(a, new(request), func(context.Context) (struct{}, error) {
		return struct{}{}, writeNew(name, text.String())
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		for _, k := range s.kept {
			k.stored = true
		}
		s.measure()
		a.say(okay, "only you can read it: "+clean(name))
		return nil
	})
}

// writeNew writes a file that wasn't there, and leaves none behind if it can't.
func writeNew(name, text string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the secrets: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("cannot write the secrets: %w", err), os.Remove(name))
	}
	return nil
}

func (s *secrets) once() bool { return true }

func (s *secrets) guard() *question {
	open := len(s.unstored())
	if open == 0 {
		return nil
	}
	return &question{title: "Leave without storing " + plural(open, "secret") + "?", lines: []string{"They are never shown again."}, yesWord: "Yes, leave"}
}

// left drops the secrets, and audits each that nobody has said is stored.
func (s *secrets) left() tea.Cmd {
	var ids []int64
	for _, k := range s.unstored() {
		ids = append(ids, k.ID)
	}
	for _, k := range s.kept {
		k.Secret, k.shown = model.Secret{}, false
	}
	s.hiding.drop()
	s.measure()
	if len(ids) == 0 {
		return nil
	}
	a := s.app
	return a.change(func(ctx context.Context) error {
		var err error
		for _, id := range ids {
			err = errors.Join(err, a.Store.NotAcknowledged(ctx, a.Actor, id))
		}
		return err
	}, func() tea.Cmd { return nil })
}
