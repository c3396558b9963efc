package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) projectCommand() *cobra.Command {
	return parent("project", "Projects, each with a bare Git repository",
		a.projectAdd(), a.projectList(), a.projectShow(), a.projectRemove(), a.projectSet())
}

func (a *app) projectAdd() *cobra.Command {
	ask := model.NewPlace{Kind: model.ProjectPlace, Parents: true}
	c := a.leaf("add PATH", "Add a project, the groups above it that are missing, and an empty repository", cobra.ExactArgs(1), func(s *session, args []string) error {
		ask.FullPath = args[0]
		p, err := s.store.AddProject(s.ctx, s.actor, ask)
		if err != nil {
			return err
		}
		return s.printDone(shapeProject(p), "Added project %d: %s (%s)", p.ID, p.FullPath, p.Visibility)
	})
	visibilityFlag(c, &ask.Visibility)
	return a.complete(c, groupPaths)
}

var projectColumns = []column[model.Project]{
	{"ID", func(p model.Project) string { return strconv.FormatInt(p.ID, 10) }},
	{"VISIBILITY", func(p model.Project) string { return p.Visibility.String() }},
	{"PUSHED", func(p model.Project) string { return moment(p.PushedAt) }},
	{"PATH", func(p model.Project) string { return p.FullPath }},
	{"NAME", func(p model.Project) string { return p.Name }},
}

func (a *app) projectList() *cobra.Command {
	return a.leaf("list", "List projects", cobra.NoArgs, func(s *session, _ []string) error {
		return printList(s, 0, projectColumns, func(p model.Project) any { return shapeProject(p) },
			func(p model.Page) (model.List[model.Project], error) {
				return s.store.Projects(s.ctx, s.actor, model.PlaceQuery{}, p)
			})
	})
}

func (a *app) projectShow() *cobra.Command {
	c := a.leaf("show PATH", "Show one project", cobra.ExactArgs(1), func(s *session, args []string) error {
		p, err := s.store.Project(s.ctx, s.actor, model.ProjectRef(args[0]))
		if err != nil {
			return err
		}
		url, err := s.store.URL(s.ctx)
		if err != nil {
			return err
		}
		if url != "" {
			url += "/" + p.FullPath + ".git"
		}
		return s.printFields(shapeProject(p),
			field{"id", strconv.FormatInt(p.ID, 10)}, field{"path", p.FullPath}, field{"name", p.FullName},
			field{"description", p.Description}, field{"visibility", p.Visibility.String()},
			field{"default branch", p.DefaultBranch}, field{"created", moment(p.CreatedAt)},
			field{"pushed", moment(p.PushedAt)}, field{"clone", url})
	})
	return a.complete(c, projectPaths)
}

func (a *app) projectRemove() *cobra.Command {
	var yes bool
	c := a.leaf("remove PATH", "Remove a project with its repository and its tokens", cobra.ExactArgs(1), func(s *session, args []string) error {
		p, err := s.store.Project(s.ctx, s.actor, model.ProjectRef(args[0]))
		if err != nil {
			return err
		}
		if err := s.confirm(yes, "Remove project %s with its repository and all its tokens?", p.FullPath); err != nil {
			return err
		}
		if err := s.store.RemoveProject(s.ctx, s.actor, model.Place{Kind: model.ProjectPlace, ID: p.ID}.Ref()); err != nil {
			return err
		}
		return s.printDone(shapeProject(p), "Removed project %s.", p.FullPath)
	})
	return withYes(a.complete(c, projectPaths), &yes)
}

var projectKeys = []string{"visibility", "name", "path", "description", "default_branch"}

func (a *app) projectSet() *cobra.Command {
	c := a.leaf("set PATH KEY VALUE", "Change a project: "+strings.Join(projectKeys, ", "), cobra.ExactArgs(3), func(s *session, args []string) error {
		change, err := argument(placeChange("project", projectKeys, args[1], args[2]))
		if err != nil {
			return err
		}
		p, err := s.store.ChangeProject(s.ctx, s.actor, model.ProjectRef(args[0]), change)
		if err != nil {
			return err
		}
		return s.printDone(shapeProject(p), "Changed project %s.", p.FullPath)
	})
	return a.complete(c, projectPaths, words(projectKeys...))
}
