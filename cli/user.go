package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) userCommand() *cobra.Command {
	return parent("user", "People: who they are, and who may sign in",
		a.userAdd(), a.userList(), a.userShow(),
		a.userBlock("block", "Refuse a person's tokens and keys until unblocked", true),
		a.userBlock("unblock", "Let a blocked person in again", false),
		a.userRemove(), a.userSet(), a.keyCommand())
}

func (a *app) userAdd() *cobra.Command {
	var ask model.NewUser
	var keyFiles []string
	c := a.leaf("add NAME", "Add a person", cobra.ExactArgs(1), func(s *session, args []string) error {
		ask.Username = args[0]
		for _, file := range keyFiles {
			key, err := s.readKey(file)
			if err != nil {
				return err
			}
			ask.Keys = append(ask.Keys, key)
		}
		u, err := s.store.AddUser(s.ctx, s.actor, ask)
		if err != nil {
			return err
		}
		return s.printDone(shapeUser(u), "Added user %d: %s", u.ID, u.Username)
	})
	f := c.Flags()
	f.StringVar(&ask.Name, "full-name", "", "the name that people read")
	f.StringVar(&ask.Email, "email", "", "e-mail address (NAME@ the instance's host)")
	f.BoolVar(&ask.Admin, "admin", false, "an administrator, who acts as Owner everywhere")
	f.BoolVar(&ask.Auditor, "auditor", false, "an auditor, who reads everything and changes nothing")
	f.BoolVar(&ask.External, "external", false, "sees internal projects as if they were private")
	f.StringArrayVar(&keyFiles, "ssh-key", nil, "file of a public SSH key, such as ~/.ssh/id_ed25519.pub")
	return exclude(c, "admin", "auditor")
}

var userColumns = []column[model.User]{
	{"ID", func(u model.User) string { return strconv.FormatInt(u.ID, 10) }},
	{"USERNAME", func(u model.User) string { return u.Username }},
	{"KIND", func(u model.User) string { return u.Kind.String() }},
	{"STATE", userState},
	{"RIGHTS", userRights},
	{"NAME", func(u model.User) string { return u.Name }},
}

// userRights are what sets a user apart from others of his kind.
func userRights(u model.User) string {
	var rights []string
	for _, r := range []struct {
		has  bool
		name string
	}{{u.Admin, "admin"}, {u.Auditor, "auditor"}, {u.External, "external"}} {
		if r.has {
			rights = append(rights, r.name)
		}
	}
	return strings.Join(rights, ", ")
}

func (a *app) userList() *cobra.Command {
	var people bool
	c := a.leaf("list", "List people and bots", cobra.NoArgs, func(s *session, _ []string) error {
		q := model.UserQuery{}
		if people {
			q.Kind = model.Human
		}
		err := printList(s, 0, userColumns, func(u model.User) any { return shapeUser(u) },
			func(p model.Page) (model.List[model.User], error) { return s.store.Users(s.ctx, s.actor, q, p) })
		if err != nil || s.json {
			return err
		}
		return s.noteSeats()
	})
	c.Flags().BoolVar(&people, "people", false, "only people, no bots")
	return c
}

// noteSeats tells how many seats are taken (R108), to whom may know it.
func (s *session) noteSeats() error {
	n, err := s.store.Seats(s.ctx, s.actor)
	if errors.Is(err, model.ErrDenied) {
		return nil
	}
	if err == nil {
		s.note("Seats taken: %d. Bots and blocked people take none.", n)
	}
	return err
}

func (a *app) userShow() *cobra.Command {
	c := a.leaf("show NAME", "Show one user", cobra.ExactArgs(1), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		return s.printFields(shapeUser(u),
			field{"id", strconv.FormatInt(u.ID, 10)}, field{"username", u.Username}, field{"name", u.Name}, field{"email", u.Email},
			field{"kind", u.Kind.String()}, field{"state", userState(u)}, field{"rights", userRights(u)},
			field{"created", moment(u.CreatedAt)}, field{"last active", u.LastActive.String()},
			field{"ssh keys", strconv.Itoa(u.Keys)}, field{"personal tokens", strconv.Itoa(u.Tokens)})
	})
	return a.complete(c, usernames)
}

func (a *app) userBlock(verb, short string, blocked bool) *cobra.Command {
	c := a.leaf(verb+" NAME", short, cobra.ExactArgs(1), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		if u, err = s.store.ChangeUser(s.ctx, s.actor, u.ID, model.UserChange{Blocked: &blocked}); err != nil {
			return err
		}
		return s.printDone(shapeUser(u), "User %s is %s.", u.Username, userState(u))
	})
	return a.complete(c, usernames)
}

func (a *app) userRemove() *cobra.Command {
	var yes bool
	c := a.leaf("remove NAME", "Remove a person; records go to the Ghost User", cobra.ExactArgs(1), func(s *session, args []string) error {
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		if err := s.confirm(yes, "Remove user %s with %d SSH keys and %d personal tokens?", u.Username, u.Keys, u.Tokens); err != nil {
			return err
		}
		if err := s.store.RemoveUser(s.ctx, s.actor, u.ID); err != nil {
			return err
		}
		return s.printDone(shapeUser(u), "Removed user %s.", u.Username)
	})
	return withYes(a.complete(c, usernames), &yes)
}

var userKeys = []string{"name", "email", "admin", "auditor", "external"}

func (a *app) userSet() *cobra.Command {
	c := a.leaf("set NAME KEY VALUE", "Change a person: "+strings.Join(userKeys, ", "), cobra.ExactArgs(3), func(s *session, args []string) error {
		change, err := argument(userChange(args[1], args[2]))
		if err != nil {
			return err
		}
		u, err := s.user(args[0])
		if err != nil {
			return err
		}
		if u, err = s.store.ChangeUser(s.ctx, s.actor, u.ID, change); err != nil {
			return err
		}
		return s.printDone(shapeUser(u), "Changed user %s.", u.Username)
	})
	return a.complete(c, usernames, words(userKeys...))
}

func userChange(key, value string) (c model.UserChange, err error) {
	switch key {
	case "name":
		c.Name = &value
	case "email":
		c.Email = &value
	case "admin":
		c.Admin, err = pointer(parseOnOff(value))
	case "auditor":
		c.Auditor, err = pointer(parseOnOff(value))
	case "external":
		c.External, err = pointer(parseOnOff(value))
	default:
		err = fmt.Errorf("a user has no %q to set: use %s", key, strings.Join(userKeys, ", "))
	}
	return c, err
}
