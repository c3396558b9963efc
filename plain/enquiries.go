package plain

import (
	"encoding/hex"
	"fmt"
	"strings"

	"patrol/model"
)

// whose asks for a secret without showing it.
func (s *session) whose() error {
	fmt.Fprint(s.Terminal, "Type or paste a secret, or the id of a refused request. It isn't shown, nor kept: ")
	text, err := s.read(true)
	if err != nil {
		return err
	}
	return s.find(text)
}

// find says whose the secrets in a text are.
func (s *session) find(text string) error {
	hits, err := s.Store.Whois(s.ctx, s.Actor, strings.NewReader(text))
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		s.say("Nothing of this server is in it, or you may not see it.")
		return nil
	}
	for _, h := range hits {
		if h.Refusal != nil {
			s.say("A request with %s: %s was refused by %s: %s", named(h.Token), h.Refusal.Asked, h.Refusal.Rule, h.Refusal.Text)
		} else {
			s.say("The secret of %s. %s %s", named(h.Token), s.state(h.Token)+".", s.stops(h.Token))
		}
	}
	return s.token(hits[0].Token.ID)
}

// refusals lists what doors have refused to a token.
func (s *session) refusals(t model.Token) error {
	return show(s, list[model.Refusal]{
		title: func() string { return "Refused to " + named(t) + "." },
		fetch: func(string, model.Page) (found model.List[model.Refusal], err error) {
			found.Rows, err = s.Store.Refusals(s.ctx, s.Actor, t.ID)
			return found, err
		},
		line: func(r model.Refusal) string {
			return fmt.Sprintf("%s, %s, the last %s from %s. %s: %s", r.Asked, amount(r.Count, "time"), ago(r.Last, s.Store.Now()), r.Address, r.Rule, r.Text)
		},
		open: func(r model.Refusal) error { return s.why(t, r) },
	})
}

// why says each step of the decision as it would go now, and what would change it.
func (s *session) why(t model.Token, r model.Refusal) error {
	q, err := model.ParseQuestion([]string{r.Asked})
	if err != nil {
		s.say("What it may do depends on more than the address of the request.")
		return nil
	}
	e, err := s.Store.Explain(s.ctx, s.Actor, t.ID, q)
	if err != nil {
		return err
	}
	for _, step := range e.Steps {
		if step.Passed {
			s.say("Passed: %s.", step.Name)
		} else {
			s.say("Refused: %s. %s (%s)", step.Name, step.Text, step.Rule)
		}
	}
	if e.Decision.Allowed {
		s.say("It would be let through now.")
		return nil
	}
	for _, c := range e.Changes {
		if c.Decision.Allowed {
			s.say("This would let it through: %s.", c.Text)
		} else {
			s.say("Not enough by itself: %s. Then: %s", c.Text, c.Decision.Text)
		}
	}
	return nil
}

// use says what a token did, by day, the last two weeks.
func (s *session) use(t model.Token) error {
	use, err := s.Store.TokenUse(s.ctx, s.Actor, t.ID)
	if err != nil {
		return err
	}
	said := false
	for _, d := range use.Days {
		if d.Day > s.today()-14 {
			s.say("%s by %s: %d let in, %d refused.", d.Day, d.Door, d.LetIn, d.Refused)
			said = true
		}
	}
	if !said {
		s.say("Nothing in the last 14 days.")
	}
	return nil
}

func (s *session) history(t model.Token) error {
	return show(s, list[model.Event]{
		title: func() string { return "History of " + named(t) + "." },
		fetch: func(_ string, p model.Page) (model.List[model.Event], error) {
			return s.Store.TokenHistory(s.ctx, s.Actor, t.ID, p)
		},
		line: func(e model.Event) string { return moment(e.At) + ". " + e.Action + ". " + e.Text },
	})
}

// log reads the audit log, the newest first.
func (s *session) log() error {
	return show(s, list[model.Entry]{
		title: func() string { return "The audit log, newest first." },
		fetch: func(_ string, p model.Page) (model.List[model.Entry], error) {
			return s.Store.Entries(s.ctx, s.Actor, model.AuditQuery{}, p)
		},
		line: func(e model.Entry) string {
			who := e.User
			if who == "" {
				who = "the system"
			}
			if e.As != "" {
				who += " as " + e.As
			}
			outcome := "done"
			if e.Refused {
				outcome = "refused by " + e.Rule
			}
			return fmt.Sprintf("%s. %s: %s, %s, %s.", moment(e.At), who, e.Action, e.Target(), outcome)
		},
	})
}

// verify walks the whole chain of the log.
func (s *session) verify() error {
	s.say("Reading the whole log.")
	r, err := s.Store.VerifyAudit(s.ctx, s.Actor)
	if err != nil {
		return err
	}
	if r.Broken != 0 {
		s.say("The chain is broken at entry %d: %s", r.Broken, r.Problem)
		return nil
	}
	s.say("%d entries, each in its place. The last has the hash %s.", r.Entries, hex.EncodeToString(r.Head[:]))
	return nil
}
