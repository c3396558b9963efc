package ui

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// showFor is how long v shows a secret.
const showFor = 30 * time.Second

// secret is the one screen that has a new token's secret, once. Leaving it
// drops the text.
type secret struct {
	quiet
	app    *App
	in     spot
	token  model.Token
	text   model.Secret
	base   string // the address of serve; empty: it doesn't run
	known  bool   // base has been read
	copied *copied
	stored bool
	shown  bool
	said   string // what has happened; empty: it was created
	w, h   int

	reading, hiding request
}

func newSecret(a *App, s spot, issued model.IssuedToken) *secret {
	return &secret{app: a, in: s, token: issued.Token, text: issued.Secret}
}

func (s *secret) crumbs() []string { return []string{s.in.path, s.token.Name, "Secret"} }

func (s *secret) load() tea.Cmd {
	return ask(s.app, &s.reading, func(ctx context.Context) (string, error) {
		return s.app.Store.URL(ctx)
	}, func(base string, err error) tea.Cmd {
		if err == nil {
			s.base, s.known = strings.TrimRight(base, "/"), true
		}
		return nil
	})
}

func (s *secret) resize(w, h int) { s.w, s.h = w, h }

func (s *secret) set() keys.Set { return keys.Secret }

func (s *secret) can(do keys.Action) error {
	if do == keys.Snippet && s.base == "" {
		return fmt.Errorf("serve is not running: its address is not known")
	}
	return nil
}

func (s *secret) word(b keys.Binding) string {
	switch {
	case b.Action == keys.Show && s.shown:
		return "hide"
	case b.Action == keys.Stored && s.stored:
		return "not stored"
	}
	return b.Short
}

func (s *secret) act(p press) tea.Cmd {
	switch p.action {
	case keys.CopySecret:
		return s.copy("", s.text.Reveal(), s.text.Digest())
	case keys.Snippet:
		sn := s.snippets(s.text.Reveal())[p.key[0]-'1']
		return s.copy(sn.name+" line: ", sn.line, model.DigestOf(sn.line))
	case keys.Show:
		s.shown = !s.shown
		return s.app.wait(&s.hiding, showFor, func() tea.Cmd {
			s.shown = false
			return nil
		})
	case keys.Stored:
		s.stored = !s.stored
	case keys.Back:
		return s.app.back()
	}
	return nil
}

// copy copies a text with the secret in it, and tells which. Only its digest is
// kept, to empty the machine's clipboard later.
func (s *secret) copy(what, text string, digest model.Digest) tea.Cmd {
	return s.app.copyOut(text, func(c copied) tea.Cmd {
		c.text = what + c.text
		s.copied = &c
		if c.local {
			return s.app.emptyLater(digest)
		}
		return nil
	})
}

func (s *secret) once() bool { return true }

func (s *secret) guard() *question {
	if s.stored {
		return nil
	}
	return &question{title: "Leave without storing it?", lines: []string{"The secret is never shown again."}, yesWord: "Yes, leave"}
}

// left drops the secret, and audits that nobody has said that it is stored.
func (s *secret) left() tea.Cmd {
	s.text, s.shown = model.Secret{}, false
	s.hiding.drop()
	s.reading.drop()
	if s.stored {
		return nil
	}
	a, id := s.app, s.token.ID
	return a.change(func(ctx context.Context) error { return a.Store.NotAcknowledged(ctx, a.Actor, id) }, func() tea.Cmd { return nil })
}

// snippet is a line ready to paste.
type snippet struct {
	name, line string
	opens      bool // the scopes open that door
}

// snippets are the five, with text in place of the secret.
func (s *secret) snippets(text string) []snippet {
	u, _ := url.Parse(s.base)
	if u == nil {
		u = &url.URL{}
	}
	scopes := s.token.Scopes
	git := scopes.Opens(model.GitFetch) || scopes.Opens(model.GitPush)
	path, api := s.in.path+".git", fmt.Sprintf("/api/v4/projects/%d", s.in.ID)
	if s.in.Kind == model.GroupPlace {
		path, api = s.in.path+"/PROJECT.git", fmt.Sprintf("/api/v4/groups/%d", s.in.ID)
	}
	clone := *u
	clone.Path = strings.TrimRight(u.Path, "/") + "/" + path
	clone.User = url.UserPassword("any", text)
	address := clone.String()
	if strings.HasPrefix(text, "•") { // dots stay dots
		clone.User = nil
		address = strings.Replace(clone.String(), "://", "://any:"+text+"@", 1)
	}
	return []snippet{
		{"git", "git clone " + quoted(address), git},
		{"curl", "curl -H " + alwaysQuoted("PRIVATE-TOKEN: "+text) + " " + quoted(s.base+api), scopes.Opens(model.RESTRead)},
		{".netrc", "machine " + u.Hostname() + " login any password " + text, git},
		{"docker", "echo " + quoted(text) + " | docker login REGISTRY -u any --password-stdin", scopes.Opens(model.RegistryPull)},
		{"terraform", "GITLAB_BASE_URL=" + quoted(s.base+"/api/v4") + " GITLAB_TOKEN=" + quoted(text), scopes.Opens(model.RESTWrite)},
	}
}

// quoted makes text one word for a shell.
func quoted(text string) string {
	safe := func(r rune) bool {
		return r >= 0x80 || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !safe(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// alwaysQuoted is quoted for a text with a blank, as people write it.
func alwaysQuoted(text string) string {
	if !strings.ContainsAny(text, "\"$`\\!") {
		return `"` + text + `"`
	}
	return quoted(text)
}

const dots = "••••"

func (s *secret) view() page {
	th := s.app.theme
	p := page{who: s.app.roleHere(s.in.role), cursor: &position{3, 1}}
	text := s.text.Reveal()
	row, hint := text[:max(len(text)-model.SecretLength, 0)]+strings.Repeat("•", model.SecretLength), s.app.cap(keys.Show)+" shows it"
	if s.shown {
		row, hint = text, s.app.cap(keys.Show)+" hides it"
	}
	said := cmp.Or(s.said, "Created. This secret is shown now and never again.")
	if s.app.slim() {
		said, hint = "Shown now and never again.", ""
	}
	if width(row)+3 > s.w {
		row, hint = th.paint(warn, "too narrow to show: "+s.app.cap(keys.CopySecret)+" copies"), ""
	} else {
		row = th.paint(accent, row)
	}
	if width(row)+width(hint)+6 > s.w {
		hint = ""
	}
	p.rows = []string{
		"   " + th.state(okay, said),
		"   " + spread(row, th.paint(dim, hint), min(s.w-4, 72)),
		s.tick(s.copied != nil, s.copied != nil && s.copied.local, "copied", s.clipboard()),
		s.tick(s.stored, true, "stored", s.app.cap(keys.Stored)+" ticks it, when you have stored it"),
	}
	if !s.app.low() {
		p.rows = append(p.rows, "")
	}
	switch {
	case s.base != "":
		snippets := s.snippets(dots)
		heading := "   " + th.paint(head, "READY TO PASTE")
		if slices.ContainsFunc(snippets, func(sn snippet) bool { return !sn.opens }) {
			heading += "   " + th.paint(dim, "○ its scopes don't open this one")
		}
		p.rows = append(p.rows, cut(heading, s.w))
		for i, sn := range snippets {
			mark := "   "
			if !sn.opens {
				mark = " " + th.paint(off, "○") + " "
			}
			p.rows = append(p.rows, cut(fmt.Sprintf("%s%d  %s%s", mark, i+1, fit(sn.name, 11), th.paint(dim, sn.line)), s.w))
		}
	case s.known:
		p.rows = append(p.rows, "   "+th.state(off, "serve is not running: start `patrol serve`, and lines to paste appear here"))
	}
	return p
}

func (s *secret) clipboard() string {
	if s.copied != nil {
		return s.copied.text
	}
	return s.app.clipboardWay()
}

// tick is a row with a box: ticked, or sent and not known to have arrived.
func (s *secret) tick(on, sure bool, label, text string) string {
	th := s.app.theme
	box := " "
	switch {
	case on && sure:
		box = th.paint(okay, "✓")
	case on:
		box = th.paint(warn, "◐")
	}
	return "   [" + box + "] " + fit(label, 9) + th.paint(dim, text)
}
