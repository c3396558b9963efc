package plain

import (
	"errors"
	"fmt"
	"strings"

	"patrol/model"
)

// tokens lists tokens: of a place, of a person, or all that may be seen.
func (s *session) tokens(q model.TokenQuery, filter, title string) error {
	return show(s, list[model.Token]{
		title: func() string {
			if filter == "" {
				return title + ", all."
			}
			return title + ", those that fit " + filter + "."
		},
		filter: &filter,
		fetch: func(filter string, p model.Page) (found model.List[model.Token], err error) {
			if q.Filter, err = model.ParseFilter(filter); err != nil {
				return found, err
			}
			q.Sort = model.ByExpiry
			return s.Store.Tokens(s.ctx, s.Actor, q, p)
		},
		line: s.line,
		open: func(t model.Token) error { return s.token(t.ID) },
		commands: func(rows []model.Token) []command {
			list := []command{{"x", "with numbers revokes", func(numbers string) error {
				chosen, ok := picked(rows, numbers)
				if !ok {
					s.say("Say which, by their numbers: x 2 5")
					return nil
				}
				return s.revoke(chosen)
			}}}
			if q.In != (model.Ref{}) {
				list = append(list, command{"n", "makes one", func(string) error { return s.create(q.In) }})
			}
			return list
		},
	})
}

// token says all about one, and what can be done to it.
func (s *session) token(id int64) error {
	for {
		t, err := s.Store.Token(s.ctx, s.Actor, model.Ref{}, id)
		if err != nil {
			return err
		}
		s.say("Token %d. %s", t.ID, s.line(t))
		if t.Description != nil && *t.Description != "" {
			s.say("About: %s", *t.Description)
		}
		s.say("It acts as %s. Made %s by %s.", t.User.Username, moment(t.CreatedAt), t.CreatedBy.Username)
		if len(t.LastUsedIPs) > 0 {
			s.say("Used from %s.", strings.Join(t.LastUsedIPs, ", "))
		}
		line, err := s.ask("r rotates; x revokes; w why it was refused; u use by day; h history; b back:")
		if err != nil {
			return err
		}
		switch line {
		case "b":
			return nil
		case "r":
			err = s.rotate(t)
		case "x":
			err = s.revoke([]model.Token{t})
		case "w":
			err = s.refusals(t)
		case "u":
			err = s.use(t)
		case "h":
			err = s.history(t)
		case "":
		default:
			err = s.elsewhere(line)
		}
		if err = s.fail(err); err != nil {
			return err
		}
	}
}

// revoke ends tokens, all or none, after a question that names them.
func (s *session) revoke(list []model.Token) error {
	if err := s.changes(); err != nil {
		return err
	}
	ids := make([]int64, len(list))
	for i, t := range list {
		ids[i] = t.ID
		s.say("%s. %s", named(t), s.stops(t))
	}
	question, words := "Revoke it? It cannot be undone.", ""
	if len(list) > 1 {
		question = fmt.Sprintf("Revoke these %d? All or none; it cannot be undone.", len(list))
	}
	if len(list) >= 3 {
		words = fmt.Sprintf("revoke %d", len(list))
	}
	if err := s.sure(question, words); err != nil {
		return err
	}
	if err := s.Store.RevokeTokens(s.ctx, s.Actor, model.Ref{}, ids...); err != nil {
		return err
	}
	s.say("Revoked: %s.", amount(len(list), "token"))
	return nil
}

// overlaps are how long the old secret may work on (R69). Nothing is taken for
// granted: to cut off what runs is an outage, and so may be not to.
var overlaps = []struct {
	word  string
	hours int
}{{"stops at once: it leaked", 0}, {"works for 1 hour more", 1}, {"works for 24 hours more", 24}, {"works for 7 days more", model.MaxOverlap}}

// rotate gives a token a new secret.
func (s *session) rotate(t model.Token) error {
	if err := s.changes(); err != nil {
		return err
	}
	words := make([]string, len(overlaps))
	for i, o := range overlaps {
		words[i] = o.word
	}
	s.say("%s. %s", named(t), s.stops(t))
	n, err := s.choose("What happens to the old secret?", words, -1)
	if err != nil {
		return err
	}
	asked, d, err := s.Store.CheckRotation(s.ctx, s.Actor, model.Ref{}, model.Rotation{OverlapHours: overlaps[n].hours}, t.ID)
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return err
	}
	if asked.ExpiresOn, err = s.date("Until when does the new one work?", asked.ExpiresOn); err != nil {
		return err
	}
	if err := s.sure(fmt.Sprintf("The old secret %s; the new one works until %s.", overlaps[n].word, asked.ExpiresOn), ""); err != nil {
		return err
	}
	made, err := s.Store.RotateTokens(s.ctx, s.Actor, model.Ref{}, asked, t.ID)
	if err != nil {
		return err
	}
	return s.secret(made[0])
}

// create makes a token of a project or group.
func (s *session) create(in model.Ref) error {
	if err := s.changes(); err != nil {
		return err
	}
	asked := model.NewToken{Place: in}
	filled, d, err := s.Store.CheckToken(s.ctx, s.Actor, asked)
	if err != nil {
		return err
	}
	if errors.Is(d.Kind, model.ErrDenied) || errors.Is(d.Kind, model.ErrNotFound) {
		return d.Err()
	}
	if asked.Name, err = s.ask("Name?"); err != nil || asked.Name == "" {
		return orBack(err)
	}
	roles := make([]string, len(model.Roles))
	for i, r := range model.Roles {
		roles[i] = r.String()
	}
	n, err := s.choose("Role?", roles, 0)
	if err != nil {
		return err
	}
	asked.Role = model.Roles[n]
	if asked.Scopes, err = s.scopes(); err != nil {
		return err
	}
	if asked.ExpiresOn, err = s.date("Until when?", filled.ExpiresOn); err != nil {
		return err
	}
	if filled, d, err = s.Store.CheckToken(s.ctx, s.Actor, asked); err != nil {
		return err
	}
	if !d.Allowed {
		return d.Err()
	}
	if err := s.sure(fmt.Sprintf("Token %s, %s, %s, until %s.", filled.Name, filled.Role, strings.Join(strings.Fields(filled.Scopes.String()), ", "), filled.ExpiresOn), ""); err != nil {
		return err
	}
	made, err := s.Store.CreateToken(s.ctx, s.Actor, asked)
	if err != nil {
		return err
	}
	return s.secret(made)
}

func orBack(err error) error {
	if err == nil {
		return errBack
	}
	return err
}

// scopes asks for some scopes, by their numbers.
func (s *session) scopes() (scopes model.Scopes, err error) {
	s.say("Scopes?")
	for i, scope := range model.BotScopes {
		s.say("%d %s", i+1, scope)
	}
	for {
		line, err := s.ask("numbers, parted by blanks?")
		if err != nil {
			return nil, err
		}
		if line == "b" {
			return nil, errBack
		}
		if chosen, ok := picked(model.BotScopes, line); ok && line != "all" {
			return chosen, nil
		}
		s.say("Type numbers from 1 to %d, such as 1 4, or b to go back.", len(model.BotScopes))
	}
}

// date asks for a day; an empty line takes the usual one.
func (s *session) date(question string, usual model.Date) (model.Date, error) {
	for {
		line, err := s.ask("%s (%s)", question, usual)
		switch {
		case err != nil:
			return 0, err
		case line == "":
			return usual, nil
		case line == "b":
			return 0, errBack
		}
		d, err := model.ParseDate(line)
		if err == nil {
			return d, nil
		}
		s.say("%s %s, such as %s.", line, err, usual)
	}
}

// secret shows a new secret, once, and asks whether it is stored.
func (s *session) secret(made model.IssuedToken) error {
	s.say("Token %d, until %s. Its secret, shown now and never again:", made.ID, made.ExpiresOn)
	s.say("%s", made.Secret.Reveal())
	line, err := s.ask("Type stored, once you have stored it:")
	if err != nil || !strings.EqualFold(line, "stored") {
		s.say("The log has that nobody has said it is stored. Lost: rotate it.")
		if failed := s.Store.NotAcknowledged(s.ctx, s.Actor, made.ID); failed != nil && err == nil {
			err = failed
		}
	}
	return err
}
