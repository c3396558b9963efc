package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) groupCommand() *cobra.Command {
	return parent("group", "Groups: folders of projects, with members of their own",
		a.groupAdd(), a.groupList(), a.groupShow(), a.groupRemove(), a.groupSet())
}

func (a *app) groupAdd() *cobra.Command {
	ask := model.NewPlace{Kind: model.GroupPlace}
	c := a.leaf("add PATH", "Add a group; the groups above it must exist", cobra.ExactArgs(1), func(s *session, args []string) error {
		ask.FullPath = args[0]
		g, err := s.store.AddGroup(s.ctx, s.actor, ask)
		if err != nil {
			return err
		}
		return s.printDone(shapeGroup(g), "Added group %d: %s (%s)", g.ID, g.FullPath, g.Visibility)
	})
	visibilityFlag(c, &ask.Visibility)
	c.Flags().Var(valueFlag[model.Plan]{&ask.Plan, model.ParsePlan, "plan"}, "plan", "free, trial, premium or ultimate (free); for top-level groups")
	completeFlag(c, "plan", plans()...)
	return a.complete(c, groupPaths)
}

func plans() []string {
	names := make([]string, len(model.Plans))
	for i, p := range model.Plans {
		names[i] = string(p)
	}
	return names
}

var groupColumns = []column[model.Group]{
	{"ID", func(g model.Group) string { return strconv.FormatInt(g.ID, 10) }},
	{"VISIBILITY", func(g model.Group) string { return g.Visibility.String() }},
	{"PLAN", func(g model.Group) string { return string(g.Plan) }},
	{"TOKEN CREATION", func(g model.Group) string { return onOff(g.TokenCreation) }},
	{"PATH", func(g model.Group) string { return g.FullPath }},
	{"NAME", func(g model.Group) string { return g.Name }},
}

func (a *app) groupList() *cobra.Command {
	return a.leaf("list", "List groups", cobra.NoArgs, func(s *session, _ []string) error {
		return printList(s, 0, groupColumns, func(g model.Group) any { return shapeGroup(g) },
			func(p model.Page) (model.List[model.Group], error) {
				return s.store.Groups(s.ctx, s.actor, model.PlaceQuery{}, p)
			})
	})
}

func (a *app) groupShow() *cobra.Command {
	c := a.leaf("show PATH", "Show one group", cobra.ExactArgs(1), func(s *session, args []string) error {
		g, err := s.store.Group(s.ctx, s.actor, model.GroupRef(args[0]))
		if err != nil {
			return err
		}
		return s.printFields(shapeGroup(g),
			field{"id", strconv.FormatInt(g.ID, 10)}, field{"path", g.FullPath}, field{"name", g.FullName},
			field{"description", g.Description}, field{"visibility", g.Visibility.String()}, field{"plan", string(g.Plan)},
			field{"token creation", onOff(g.TokenCreation)}, field{"created", moment(g.CreatedAt)})
	})
	return a.complete(c, groupPaths)
}

func (a *app) groupRemove() *cobra.Command {
	var yes bool
	c := a.leaf("remove PATH", "Remove a group with everything in it", cobra.ExactArgs(1), func(s *session, args []string) error {
		g, err := s.store.Group(s.ctx, s.actor, model.GroupRef(args[0]))
		if err != nil {
			return err
		}
		if err := s.confirm(yes, "Remove group %s with all its subgroups, projects, repositories and tokens?", g.FullPath); err != nil {
			return err
		}
		if err := s.store.RemoveGroup(s.ctx, s.actor, model.Place{Kind: model.GroupPlace, ID: g.ID}.Ref()); err != nil {
			return err
		}
		return s.printDone(shapeGroup(g), "Removed group %s.", g.FullPath)
	})
	return withYes(a.complete(c, groupPaths), &yes)
}

var groupKeys = []string{"token_creation", "plan", "visibility", "name", "path", "description"}

func (a *app) groupSet() *cobra.Command {
	c := a.leaf("set PATH KEY VALUE", "Change a group: "+strings.Join(groupKeys, ", "), cobra.ExactArgs(3), func(s *session, args []string) error {
		change, err := argument(placeChange("group", groupKeys, args[1], args[2]))
		if err != nil {
			return err
		}
		g, err := s.store.ChangeGroup(s.ctx, s.actor, model.GroupRef(args[0]), change)
		if err != nil {
			return err
		}
		return s.printDone(shapeGroup(g), "Changed group %s.", g.FullPath)
	})
	return a.complete(c, groupPaths, words(groupKeys...))
}

// placeChange reads the KEY and VALUE of group set and project set.
func placeChange(what string, keys []string, key, value string) (c model.PlaceChange, err error) {
	if !slices.Contains(keys, key) {
		return c, fmt.Errorf("a %s has no %q to set: use %s", what, key, strings.Join(keys, ", "))
	}
	switch key {
	case "name":
		c.Name = &value
	case "path":
		c.Path = &value
	case "description":
		c.Description = &value
	case "default_branch":
		c.DefaultBranch = &value
	case "visibility":
		c.Visibility, err = pointer(model.ParseVisibility(value))
	case "plan":
		c.Plan, err = pointer(model.ParsePlan(value))
	case "token_creation":
		c.TokenCreation, err = pointer(parseOnOff(value))
	}
	return c, err
}
