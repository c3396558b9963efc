package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) memberCommand() *cobra.Command {
	return parent("member", "Members of projects and groups, with their roles",
		a.memberAdd(), a.memberList(), a.memberSet(), a.memberRemove())
}

func (a *app) memberAdd() *cobra.Command {
	var role model.Role
	var expires string
	c := a.leaf("add PATH USER", "Make somebody a member of a project or group", cobra.ExactArgs(2), func(s *session, args []string) error {
		ends, err := s.end(expires)
		if err != nil {
			return err
		}
		u, err := s.user(args[1])
		if err != nil {
			return err
		}
		m, err := s.store.AddMember(s.ctx, s.actor, model.Ref{Path: args[0]}, u.ID, role, ends)
		if err != nil {
			return err
		}
		return s.printDone(shapeMember(m), "Added %s to %s as %s%s.", m.User.Username, m.FromPath, m.Role, until(m.ExpiresOn))
	})
	roleFlag(c, &role, "guest, planner, reporter, developer, maintainer or owner")
	endFlag(c, &expires, "the day on which the membership ends, such as 2027-01-31, jan 31 or 30d (no end)")
	return require(a.complete(c, placePaths, usernames), "role")
}

func until(d model.Date) string {
	if d == 0 {
		return ""
	}
	return " until " + d.String()
}

var memberColumns = []column[model.Member]{
	{"USERNAME", func(m model.Member) string { return m.User.Username }},
	{"KIND", func(m model.Member) string { return m.User.Kind.String() }},
	{"ROLE", func(m model.Member) string { return strings.ToLower(m.Role.String()) }},
	{"EXPIRES", memberEnd},
	{"FROM", func(m model.Member) string { return m.FromPath }},
	{"NAME", func(m model.Member) string { return m.User.Name }},
}

// memberEnd is when a membership ends; a bot's ends with its token.
func memberEnd(m model.Member) string {
	end := max(m.ExpiresOn, m.TokenEnds)
	if end == 0 {
		return "never"
	}
	return end.String()
}

func (a *app) memberList() *cobra.Command {
	c := a.leaf("list PATH", "List the members of a project or group, inherited ones too", cobra.ExactArgs(1), func(s *session, args []string) error {
		return printList(s, 0, memberColumns, func(m model.Member) any { return shapeMember(m) },
			func(p model.Page) (model.List[model.Member], error) {
				return s.store.Members(s.ctx, s.actor, model.Ref{Path: args[0]}, true, "", p)
			})
	})
	return a.complete(c, placePaths)
}

func (a *app) memberSet() *cobra.Command {
	var role model.Role
	var expires string
	c := a.leaf("set PATH USER", "Change a member's role or end", cobra.ExactArgs(2), func(s *session, args []string) error {
		var ends *model.Date // as it is
		if expires != "" {
			ends = new(model.Date) // never
		}
		if ends != nil && expires != "never" {
			var err error
			if *ends, err = s.end(expires); err != nil {
				return err
			}
		}
		u, err := s.user(args[1])
		if err != nil {
			return err
		}
		m, err := s.store.ChangeMember(s.ctx, s.actor, model.Ref{Path: args[0]}, u.ID, role, ends)
		if err != nil {
			return err
		}
		return s.printDone(shapeMember(m), "%s is %s in %s%s.", m.User.Username, m.Role, m.FromPath, until(m.ExpiresOn))
	})
	roleFlag(c, &role, "the role from now on")
	c.Flags().Var(valueFlag[string]{&expires, checkEndOrNever, "date"}, "expires", "the day on which the membership ends, or never (as it is)")
	completeFlag(c, "expires", "never")
	return require(a.complete(c, placePaths, usernames), "role")
}

func checkEndOrNever(s string) (string, error) {
	if s == "never" {
		return s, nil
	}
	return checkEnd(s)
}

func (a *app) memberRemove() *cobra.Command {
	c := a.leaf("remove PATH USER", "End a membership", cobra.ExactArgs(2), func(s *session, args []string) error {
		u, err := s.user(args[1])
		if err != nil {
			return err
		}
		if err := s.store.RemoveMember(s.ctx, s.actor, model.Ref{Path: args[0]}, u.ID); err != nil {
			return err
		}
		return s.printDone(shapeUser(u), "Removed %s from %s.", u.Username, args[0])
	})
	return a.complete(c, placePaths, usernames)
}
