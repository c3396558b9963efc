package rest

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"patrol/model"
)

// listProjects is A81.
func listProjects(c *call) error {
	f := c.form()
	q, page, simple := f.projectQuery()
	if err := f.err(); err != nil {
		return err
	}
	return c.projects(q, page, simple)
}

func (c *call) projects(q model.PlaceQuery, page paging, simple bool) error {
	list, err := c.api.Store.Projects(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	if simple {
		return answerList(c, page, list, c.simpleProject)
	}
	return answerList(c, page, list, c.project)
}

// projectSorts are the orders of A81.
var projectSorts = map[string]model.PlaceSort{
	"id": model.PlacesByID, "name": model.PlacesByName, "path": model.PlacesByPath, "created_at": model.PlacesByCreated,
	"updated_at": model.PlacesByUpdated, "last_activity_at": model.PlacesByActivity,
}

// projectQuery reads A81's parameters.
func (f *form) projectQuery() (q model.PlaceQuery, page paging, simple bool) {
	q.Search, q.OwnName = f.search("search"), !f.is("search_namespaces")
	if f.is("membership") {
		q.MinRole = model.Guest
	}
	f.ownership(&q)
	q.Visibility = f.visibility("visibility")
	simple = f.is("simple")
	q.AfterID, q.BeforeID = f.id("id_after"), f.id("id_before")
	page = f.page("Project")
	q.Sort = model.PlacesByCreated
	f.sorted(&q, page, projectSorts, "id", "name", "path", "created_at", "updated_at", "last_activity_at")
	q.Descending = f.descending(true)
	return q, page, simple
}

// ownership reads what keeps the places in which one has a role.
func (f *form) ownership(q *model.PlaceQuery) {
	if f.is("owned") {
		q.MinRole = model.Owner
	}
	q.MinRole = max(q.MinRole, f.role("min_access_level"))
}

// sorted reads the order of a list of places; a cursor leads by id (A34).
func (f *form) sorted(q *model.PlaceQuery, page paging, sorts map[string]model.PlaceSort, names ...string) {
	if sort, ok := sorts[f.oneOf("order_by", names...)]; ok {
		q.Sort = sort
	}
	if page.keyset() {
		q.Sort = model.PlacesByID
	}
}

// getProject is A82.
func getProject(c *call) error {
	p, err := c.api.Store.Project(c.Context, c.asker(), c.place())
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusOK, &p, c.project)
}

// addProject is A83.
func addProject(c *call) error {
	f := c.form()
	name, named := f.text("name")
	path, pathed := f.text("path")
	if !named && !pathed && len(f.wrongs) == 0 {
		f.wrongs = append(f.wrongs, "name, path are missing, at least one parameter must be provided")
	}
	if !pathed {
		path = slug(name)
	}
	n := model.NewPlace{Kind: model.ProjectPlace, Name: name}
	in := model.Ref{Kind: model.GroupPlace, ID: f.id("namespace_id")}
	n.Visibility = orPrivate(f.visibility("visibility"))
	n.Description, _ = f.text("description")
	n.DefaultBranch, _ = f.text("default_branch")
	n.Readme = f.is("initialize_with_readme")
	if err := f.err(); err != nil {
		return err
	}
	group, err := c.api.Store.Group(c.Context, c.asker(), in)
	if err != nil {
		return namespaceRefused(err)
	}
	n.FullPath = group.FullPath + "/" + onePart(path)
	p, err := c.api.Store.AddProject(c.Context, c.asker(), n)
	if err != nil {
		return placeTaken(namespaceRefused(err), "name", "path")
	}
	return answerOne(c, http.StatusCreated, &p, c.project)
}

// namespaceRefused says the same of a group that isn't there, isn't seen, or in
// which one can't create (A83).
func namespaceRefused(err error) error {
	if !errors.Is(err, model.ErrNotFound) && !errors.Is(err, model.ErrDenied) {
		return err
	}
	return fieldRefused("namespace", "is not valid").because(&model.Reason{
		Rule: "R32", Kind: model.ErrDenied, Text: "There is no such group, or you may not create projects in it."})
}

// placeTaken says of a path that somebody has already which fields name it
// (A83, A94).
func placeTaken(err error, keys ...string) error {
	reason := reasonOf(err, model.ErrConflict)
	if reason == nil {
		return err
	}
	taken := &model.Reason{Rule: reason.Rule, Text: reason.Text}
	for _, key := range keys {
		taken.Fields = append(taken.Fields, model.Field{Key: key, Text: "has already been taken"})
	}
	return invalidFields(taken)
}

func orPrivate(v *model.Visibility) model.Visibility {
	if v == nil {
		return model.Private
	}
	return *v
}

// onePart keeps a path from naming parents: with a blank for a slash it is
// refused like any other wrong one (R7).
func onePart(path string) string { return strings.ReplaceAll(path, "/", " ") }

// slug makes a path of a name: "New Project" is new-project.
func slug(name string) string {
	path := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_.-", r) {
			return r
		}
		return ' '
	}, strings.ToLower(name))
	return strings.Trim(strings.Join(strings.Fields(path), "-"), "-.")
}

// changeProject is A84.
func changeProject(c *call) error {
	f := c.form()
	change := f.placeChange()
	change.DefaultBranch = f.optional("default_branch")
	if err := f.err(); err != nil {
		return err
	}
	p, err := c.api.Store.ChangeProject(c.Context, c.asker(), c.place(), change)
	if err != nil {
		return placeTaken(err, "path")
	}
	return answerOne(c, http.StatusOK, &p, c.project)
}

// placeChange reads what can be changed of projects and groups alike.
func (f *form) placeChange() (change model.PlaceChange) {
	change.Name, change.Path, change.Description = f.optional("name"), f.optional("path"), f.optional("description")
	change.Visibility = f.visibility("visibility")
	return change
}

// removeProject is A85.
func removeProject(c *call) error {
	if err := c.api.Store.RemoveProject(c.Context, c.asker(), c.place()); err != nil {
		return err
	}
	return c.accepted()
}

// project writes A80's fields.
func (c *call) project(o *object, p *model.Project) {
	c.simpleProject(o, p)
	o.text("visibility", p.Visibility.String())
	o.boolean("archived", false)
	o.boolean("empty_repo", p.DefaultBranch == "")
	o.number("creator_id", p.CreatorID)
	o.boolean("issues_enabled", true)
	o.boolean("packages_enabled", true)
	o.boolean("container_registry_enabled", true)
	o.text("container_registry_image_prefix", "registry."+c.Base().Hostname()+"/"+strings.ToLower(p.FullPath))
	o.number("open_issues_count", int64(p.OpenIssues))
	o.text("merge_requests_access_level", "disabled")
	o.boolean("merge_requests_enabled", false)
	o.text("merge_method", "merge") // this and the three below are asked for by clients that compare a project
	o.boolean("wiki_enabled", false)
	o.boolean("snippets_enabled", false)
	o.boolean("lfs_enabled", false)
	if c.Pass.Caller.Kind != model.Nobody {
		o.object("permissions", func(o *object) {
			o.access("project_access", p.DirectRole)
			o.access("group_access", p.GroupRole)
		})
	}
}

// simpleProject writes A80's fields up to the namespace.
func (c *call) simpleProject(o *object, p *model.Project) {
	active := p.UpdatedAt
	if p.PushedAt.After(active) {
		active = p.PushedAt
	}
	o.number("id", p.ID)
	o.textOrNull("description", p.Description)
	o.text("name", p.Name)
	o.text("name_with_namespace", p.FullName)
	o.text("path", p.Path)
	o.text("path_with_namespace", p.FullPath)
	o.time("created_at", p.CreatedAt)
	o.time("updated_at", p.UpdatedAt)
	o.time("last_activity_at", active)
	o.textOrNull("default_branch", p.DefaultBranch)
	o.raw("tag_list", []byte("[]"))
	o.raw("topics", []byte("[]"))
	o.text("ssh_url_to_repo", c.sshLink(p.FullPath+".git"))
	o.text("http_url_to_repo", c.Link(p.FullPath+".git"))
	o.text("web_url", c.Link(p.FullPath))
	o.null("readme_url", "avatar_url")
	o.number("forks_count", 0)
	o.number("star_count", 0)
	inside(o, "namespace", p, c.namespaceOf)
}

func (o *object) access(name string, role model.Role) {
	if role == model.NoRole {
		o.null(name)
		return
	}
	o.object(name, func(o *object) {
		o.number("access_level", int64(role))
		o.number("notification_level", 3)
	})
}

// namespaceOf writes the group of a project, inside A80.
func (c *call) namespaceOf(o *object, p *model.Project) {
	path, _ := model.SplitPath(p.FullPath)
	_, last := model.SplitPath(path)
	c.namespace(o, &model.Group{ID: p.GroupID, Name: p.GroupName, Path: last, FullPath: path, ParentID: p.GroupParent})
}

// sshLink is the address of a path at the SSH door.
func (c *call) sshLink(path string) string {
	host := net.JoinHostPort(c.Base().Hostname(), strconv.Itoa(c.api.SSHPort))
	return (&url.URL{Scheme: "ssh", User: url.User("git"), Host: host, Path: "/" + path}).String()
}
