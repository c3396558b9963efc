package plain

import (
	"fmt"
	"strings"

	"patrol/model"
)

// projects lists those that the person sees.
func (s *session) projects() error {
	filter := ""
	return show(s, list[model.Project]{
		title:  func() string { return titled("Projects", filter) },
		filter: &filter,
		fetch: func(filter string, p model.Page) (model.List[model.Project], error) {
			return s.Store.Projects(s.ctx, s.Actor, model.PlaceQuery{Search: filter, Counts: true}, p)
		},
		line: func(p model.Project) string {
			return fmt.Sprintf("%s. %s. %s.", p.FullPath, p.Visibility, amount(p.ActiveTokens, "active token"))
		},
		open: func(p model.Project) error { return s.place(p.Ref(), p.FullPath, nil) },
		commands: func([]model.Project) []command {
			return []command{{"n", "makes one", func(string) error { return s.newProject() }}}
		},
	})
}

func titled(title, filter string) string {
	if filter == "" {
		return title + "."
	}
	return title + " with " + filter + "."
}

func (s *session) newProject() error {
	if err := s.changes(); err != nil {
		return err
	}
	path, err := s.ask("Its path, group/project?")
	if err != nil || path == "" {
		return orBack(err)
	}
	made, err := s.Store.AddProject(s.ctx, s.Actor, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Parents: true})
	if err != nil {
		return err
	}
	s.say("Made %s.", made.FullPath)
	return s.place(made.Ref(), made.FullPath, nil)
}

func (s *session) groups() error {
	filter := ""
	return show(s, list[model.Group]{
		title:  func() string { return titled("Groups", filter) },
		filter: &filter,
		fetch: func(filter string, p model.Page) (model.List[model.Group], error) {
			return s.Store.Groups(s.ctx, s.Actor, model.PlaceQuery{Search: filter, Counts: true}, p)
		},
		line: func(g model.Group) string {
			return fmt.Sprintf("%s. %s. %s. Token creation is %s.", g.FullPath, g.Visibility, amount(g.ActiveTokens, "active token"), onOff(g.TokenCreation))
		},
		open: func(g model.Group) error { return s.place(g.Ref(), g.FullPath, &g) },
	})
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// place is the menu of a project or a group.
func (s *session) place(in model.Ref, path string, g *model.Group) error {
	for {
		also := ""
		if g != nil {
			also = " c turns token creation on or off;"
		}
		s.say("%s.", path)
		line, err := s.ask("t tokens; n makes a token; m members;%s b back:", also)
		if err != nil {
			return err
		}
		switch {
		case line == "b":
			return nil
		case line == "t":
			err = s.tokens(model.TokenQuery{In: in}, "state:active", "Tokens of "+path)
		case line == "n":
			err = s.create(in)
		case line == "m":
			err = s.members(in, path)
		case line == "c" && g != nil:
			err = s.turn(in)
		case line == "":
		default:
			err = s.elsewhere(line)
		}
		if err = s.fail(err); err != nil {
			return err
		}
	}
}

// turn changes whether tokens can be made in a top-level group (R75).
func (s *session) turn(in model.Ref) error {
	if err := s.changes(); err != nil {
		return err
	}
	g, err := s.Store.Group(s.ctx, s.Actor, in)
	if err != nil {
		return err
	}
	to := !g.TokenCreation
	if err := s.sure(fmt.Sprintf("Token creation in %s is %s. Turn it %s? Tokens that are there keep working.", g.FullPath, onOff(!to), onOff(to)), ""); err != nil {
		return err
	}
	if _, err := s.Store.ChangeGroup(s.ctx, s.Actor, in, model.PlaceChange{TokenCreation: &to}); err != nil {
		return err
	}
	s.say("Token creation in %s is %s.", g.FullPath, onOff(to))
	return nil
}

func (s *session) members(in model.Ref, path string) error {
	filter := ""
	return show(s, list[model.Member]{
		title:  func() string { return titled("Members of "+path, filter) },
		filter: &filter,
		fetch: func(filter string, p model.Page) (model.List[model.Member], error) {
			return s.Store.Members(s.ctx, s.Actor, in, true, filter, p)
		},
		line: func(m model.Member) string {
			name := m.User.Username
			if m.User.Kind == model.Bot {
				name = m.User.Name + ", a bot"
			}
			until := ""
			if m.ExpiresOn != 0 {
				until = " until " + m.ExpiresOn.String()
			}
			return fmt.Sprintf("%s. %s%s, through %s.", name, m.Role, until, m.FromPath)
		},
		commands: func(rows []model.Member) []command {
			return []command{
				{"n", "adds one", func(string) error { return s.addMember(in) }},
				{"x", "with a number removes", func(number string) error {
					chosen, ok := picked(rows, number)
					if !ok || len(chosen) != 1 {
						s.say("Say which, by its number: x 2")
						return nil
					}
					return s.removeMember(in, path, chosen[0])
				}},
			}
		},
	})
}

func (s *session) addMember(in model.Ref) error {
	if err := s.changes(); err != nil {
		return err
	}
	name, err := s.ask("Username?")
	if err != nil || name == "" {
		return orBack(err)
	}
	u, err := s.Store.User(s.ctx, s.Actor, 0, name)
	if err != nil {
		return err
	}
	roles := make([]string, len(model.Roles))
	for i, r := range model.Roles {
		roles[i] = r.String()
	}
	n, err := s.choose("Role?", roles, -1)
	if err != nil {
		return err
	}
	line, err := s.ask("Until when? (empty: no end)")
	if err != nil {
		return err
	}
	var ends model.Date
	if line != "" {
		if ends, err = model.ParseDate(line); err != nil {
			return fmt.Errorf("%s %w", line, err)
		}
	}
	m, err := s.Store.AddMember(s.ctx, s.Actor, in, u.ID, model.Roles[n], ends)
	if err != nil {
		return err
	}
	s.say("%s is %s now.", u.Username, m.Role)
	return nil
}

func (s *session) removeMember(in model.Ref, path string, m model.Member) error {
	if err := s.changes(); err != nil {
		return err
	}
	if err := s.sure(fmt.Sprintf("Remove %s, %s of %s? Tokens that %s made keep working.", m.User.Username, m.Role, path, m.User.Username), ""); err != nil {
		return err
	}
	if err := s.Store.RemoveMember(s.ctx, s.Actor, in, m.User.ID); err != nil {
		return err
	}
	s.say("%s is removed.", m.User.Username)
	return nil
}

// people lists users, to block them and to see what they have.
func (s *session) people() error {
	filter := ""
	return show(s, list[model.User]{
		title:  func() string { return titled("People and bots", filter) },
		filter: &filter,
		fetch: func(filter string, p model.Page) (model.List[model.User], error) {
			return s.Store.Users(s.ctx, s.Actor, model.UserQuery{Search: filter}, p)
		},
		line: func(u model.User) string {
			parts := []string{u.Username}
			for _, word := range []struct {
				text string
				is   bool
			}{{"Administrator", u.Admin}, {"Auditor", u.Auditor}, {"external", u.External}, {"a bot", u.Kind == model.Bot}, {"blocked", u.Blocked}} {
				if word.is {
					parts = append(parts, word.text)
				}
			}
			return strings.Join(parts, ". ") + "."
		},
		open: func(u model.User) error {
			return s.tokens(model.TokenQuery{UserID: u.ID}, "", "Tokens of "+u.Username)
		},
		commands: func(rows []model.User) []command {
			return []command{{"x", "with a number blocks, or lets in again", func(number string) error {
				chosen, ok := picked(rows, number)
				if !ok || len(chosen) != 1 {
					s.say("Say who, by the number: x 2")
					return nil
				}
				return s.block(chosen[0])
			}}}
		},
	})
}

func (s *session) block(u model.User) error {
	if err := s.changes(); err != nil {
		return err
	}
	to := !u.Blocked
	question, done := "Block "+u.Username+"? All that they do fails from then on; bots of tokens that they made go on.", u.Username+" is blocked."
	if !to {
		question, done = "Let "+u.Username+" in again?", u.Username+" is let in again."
	}
	if err := s.sure(question, ""); err != nil {
		return err
	}
	if _, err := s.Store.ChangeUser(s.ctx, s.Actor, u.ID, model.UserChange{Blocked: &to}); err != nil {
		return err
	}
	s.say("%s", done)
	return nil
}

// settings lists the instance's, and changes them.
func (s *session) settings() error {
	return show(s, list[model.Setting]{
		title: func() string { return "Settings." },
		fetch: func(string, model.Page) (found model.List[model.Setting], err error) {
			found.Rows, err = s.Store.Settings(s.ctx, s.Actor)
			return found, err
		},
		line: func(v model.Setting) string {
			value := v.Value
			if value == "" {
				value = "empty"
			}
			return v.Key + " is " + value + "."
		},
		open: func(v model.Setting) error {
			if err := s.changes(); err != nil {
				return err
			}
			value, err := s.ask("%s, allowed: %s. Its new value? (b leaves it)", v.Key, v.Allowed)
			if err != nil || value == "b" {
				return orBack(err)
			}
			set, err := s.Store.ChangeSetting(s.ctx, s.Actor, v.Key, value)
			if err != nil {
				return err
			}
			s.say("%s is %s now.", set.Key, set.Value)
			return nil
		},
	})
}
