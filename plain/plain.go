// Package plain is the console as lines and numbered questions, for screen
// readers, dumb terminals and the slowest lines. It knows the use cases and no
// screen: nothing that it writes is an escape sequence, and no symbol stands for
// a word.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"patrol/model"
)

// Store is what the plain console needs of the store.
type Store interface {
	model.Tokens
	model.Rotations
	model.Projects
	model.Groups
	model.Members
	model.Users
	model.Settings
	model.Audit
	model.Refusals
	model.Enquiries
	model.Uses
	model.Notices
	Now() time.Time
}

// Config says who sits where, at what.
type Config struct {
	Store    Store
	Actor    model.Actor
	Terminal Terminal
	Flags    []string // what is said of the whole console: "CLOCK 2027-01-02"
	ReadOnly error    // why nothing can be changed; nil: it can
}

// Run talks until the person leaves, the lines end or ctx is done. It returns nil
// for all of these.
func Run(ctx context.Context, c Config) error {
	s := &session{Config: c, ctx: ctx}
	err := s.begin()
	if errors.Is(err, errLeave) || errors.Is(err, io.EOF) || errors.Is(err, ErrInterrupted) || ctx.Err() != nil {
		return nil
	}
	return err
}

// begin finds out who it is, and shows the first menu.
func (s *session) begin() (err error) {
	if s.me, err = s.Store.User(s.ctx, s.Actor, s.Actor.ID(), ""); err != nil {
		return err
	}
	if s.ReadOnly == nil && s.me.Auditor && !s.me.Admin {
		s.ReadOnly = errors.New("auditors only read")
	}
	return s.home()
}

// session is one conversation.
type session struct {
	Config
	ctx context.Context
	me  model.User
}

// errLeave ends the conversation; errBack leads to the menu before.
var (
	errLeave = errors.New("leave")
	errBack  = errors.New("back")
)

// say writes a sentence, in which names are other people's.
func (s *session) say(format string, args ...any) {
	fmt.Fprintln(s.Terminal, model.Clean(fmt.Sprintf(format, args...)))
}

// fail says what went wrong, and goes on: only the terminal's own end ends more.
func (s *session) fail(err error) error {
	switch {
	case err == nil, errors.Is(err, errBack):
		return nil
	case errors.Is(err, errLeave), errors.Is(err, io.EOF), errors.Is(err, ErrInterrupted), s.ctx.Err() != nil:
		return err
	}
	text := err.Error()
	var reason *model.Reason
	if errors.As(err, &reason) {
		if reason.Rule != "" {
			text += " (" + reason.Rule + ")"
		}
		if reason.Remedy != "" {
			text += " What would help: " + reason.Remedy + "."
		}
	}
	s.say("Refused or failed: %s", text)
	return nil
}

// ask reads a line after a prompt.
func (s *session) ask(format string, args ...any) (string, error) {
	fmt.Fprint(s.Terminal, model.Clean(fmt.Sprintf(format, args...))+" ")
	line, err := s.read(false)
	return strings.TrimSpace(line), err
}

// read waits for a line, but not longer than the session lasts: then the terminal
// goes, and what waits for it with it.
func (s *session) read(hidden bool) (line string, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		line, err = s.Terminal.ReadLine(hidden)
	}()
	select {
	case <-done:
		return line, err
	case <-s.ctx.Done():
		return "", s.ctx.Err()
	}
}

// choose asks for one of some words by its number, or the word itself. usual is
// taken for an empty line; negative: there is none, and the person must choose.
func (s *session) choose(question string, words []string, usual int) (int, error) {
	for {
		s.say("%s", question)
		for i, word := range words {
			s.say("%d %s", i+1, word)
		}
		prompt := "number?"
		if usual >= 0 {
			prompt = fmt.Sprintf("number? (%d)", usual+1)
		}
		line, err := s.ask("%s", prompt)
		if err != nil {
			return 0, err
		}
		if line == "" && usual >= 0 {
			return usual, nil
		}
		if line == "b" {
			return 0, errBack
		}
		if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(words) {
			return n - 1, nil
		}
		for i, word := range words {
			if strings.EqualFold(line, word) {
				return i, nil
			}
		}
		s.say("Type a number from 1 to %d, or b to go back.", len(words))
	}
}

// sure asks before something is changed; anything but yes is no. Where words are
// given, they must be typed instead.
func (s *session) sure(question, words string) error {
	want := "yes"
	if words != "" {
		want = words
	}
	line, err := s.ask("%s Type %s to do it; anything else leaves everything as it is:", question, want)
	if err == nil && !strings.EqualFold(line, want) {
		s.say("Nothing was changed.")
		err = errBack
	}
	return err
}

// changes is nil where something can be changed at all.
func (s *session) changes() error { return s.ReadOnly }

func (s *session) today() model.Date { return model.DateOf(s.Store.Now()) }

// home is the first menu.
func (s *session) home() error {
	kind := ""
	switch {
	case s.me.Admin:
		kind = ", Administrator"
	case s.me.Auditor:
		kind = ", Auditor, read only"
	}
	s.say("Patrol. %s%s.", s.me.Username, kind)
	for _, flag := range s.Flags {
		s.say("%s.", flag)
	}
	for {
		s.say("1 tokens. 2 projects. 3 groups. 4 people and bots. 5 log. 6 settings. 7 what expires soon.")
		line, err := s.ask("number opens; w asks whose a secret is; v verifies the log; q leaves; ? help:")
		if err != nil {
			return err
		}
		if err := s.fail(s.atHome(line)); err != nil {
			return err
		}
	}
}

func (s *session) atHome(line string) error {
	switch line {
	case "":
		return nil
	case "1":
		return s.tokens(model.TokenQuery{}, "state:active", "All tokens")
	case "2":
		return s.projects()
	case "3":
		return s.groups()
	case "4":
		return s.people()
	case "5":
		return s.log()
	case "6":
		return s.settings()
	case "7":
		return s.tokens(model.TokenQuery{}, "state:active expires:<8d", "Tokens that expire within 7 days")
	case "v":
		return s.verify()
	}
	return s.elsewhere(line)
}

// elsewhere takes a line that the menu doesn't know: a secret or a request's id is
// looked up wherever it is typed.
func (s *session) elsewhere(line string) error {
	switch line {
	case "q":
		return errLeave
	case "w":
		return s.whose()
	case "?":
		s.say("Everywhere: b goes back, q leaves, w asks whose a secret is, an empty line says it again.")
		return nil
	}
	if len(line) >= model.SecretLength && !strings.Contains(line, " ") {
		s.say("It was typed in the open. It is looked up, and not kept; w hides what is typed.")
		return s.find(line)
	}
	s.say("There is no such answer here. ? says what there is everywhere.")
	return nil
}
