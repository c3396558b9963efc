package rest

import (
	"errors"
	"net/http"
	"slices"

	"patrol/model"
)

const noGroup = "404 Group Not Found"

// listGroups is A91.
func listGroups(c *call) error { return c.groups(model.PlaceQuery{}) }

// listSubgroups and listDescendants are A93.
func listSubgroups(c *call) error {
	return c.groups(model.PlaceQuery{Within: c.place(), Direct: true})
}

func listDescendants(c *call) error { return c.groups(model.PlaceQuery{Within: c.place()}) }

// groupSorts are the orders of A91.
var groupSorts = map[string]model.PlaceSort{"name": model.PlacesByName, "path": model.PlacesByPath, "id": model.PlacesByID}

func (c *call) groups(q model.PlaceQuery) error {
	f := c.form()
	q.Search, q.OwnName = f.search("search"), true
	f.ownership(&q)
	if all := f.boolean("all_available"); all != nil && !*all {
		q.MinRole = max(q.MinRole, model.Guest)
	}
	q.TopLevel = f.is("top_level_only")
	rows := "" // A34: by keyset only the whole list
	if c.endpoint.Place == model.NoPlace {
		rows = "Group"
	}
	page := f.page(rows)
	q.Sort = model.PlacesByName
	f.sorted(&q, page, groupSorts, "name", "path", "id")
	q.Descending = f.descending(false)
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Groups(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	return answerList(c, page, list, c.group)
}

// listGroupProjects is A93.
func listGroupProjects(c *call) error {
	f := c.form()
	q, page, simple := f.projectQuery()
	if page.keyset() {
		f.cursor(&page, false)
	}
	q.Within, q.Direct = c.place(), !f.is("include_subgroups")
	if err := f.err(); err != nil {
		return err
	}
	return c.projects(q, page, simple)
}

// getGroup is A92.
func getGroup(c *call) error {
	f := c.form()
	with := f.boolean("with_projects")
	if err := f.err(); err != nil {
		return err
	}
	g, err := c.api.Store.Group(c.Context, c.asker(), c.place())
	if err != nil {
		return err
	}
	var projects []model.Project
	if with == nil || *with {
		q := model.PlaceQuery{Within: g.Ref(), Direct: true, Sort: model.PlacesByCreated, Descending: true}
		list, err := c.api.Store.Projects(c.Context, c.asker(), q, model.Page{Limit: model.MaxPage})
		if err != nil {
			return err
		}
		projects = list.Rows
	}
	return c.object(http.StatusOK, func(o *object) {
		c.group(o, &g)
		if with == nil || *with {
			objects(o, "projects", projects, c.project)
		}
	})
}

// addGroup is A94.
func addGroup(c *call) error {
	f := c.form()
	n := model.NewPlace{Kind: model.GroupPlace, Name: f.required("name"), FullPath: onePart(f.required("path"))}
	parent, below := f.number("parent_id")
	n.Visibility = orPrivate(f.visibility("visibility"))
	n.Description, _ = f.text("description")
	if err := f.err(); err != nil {
		return err
	}
	if below {
		above, err := c.api.Store.Group(c.Context, c.asker(), model.Ref{Kind: model.GroupPlace, ID: int64(max(parent, 0))})
		if err != nil {
			return absent(err, noGroup)
		}
		n.FullPath = above.FullPath + "/" + n.FullPath
	}
	g, err := c.api.Store.AddGroup(c.Context, c.asker(), n)
	if err != nil {
		return placeTaken(absent(err, noGroup), "path")
	}
	return answerOne(c, http.StatusCreated, &g, c.group)
}

// changeGroup is A95. The plan is for administrators; of others it is ignored.
func changeGroup(c *call) error {
	f := c.form()
	change := f.placeChange()
	change.TokenCreation = f.boolean(model.SwitchName)
	if c.Pass.Caller.Admin {
		if plan := f.oneOf("plan", "free", "trial", "premium", "ultimate"); plan != "" {
			change.Plan = new(model.Plan(plan))
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	g, err := c.api.Store.ChangeGroup(c.Context, c.asker(), c.place(), change)
	if err != nil {
		return placeTaken(err, "path")
	}
	return answerOne(c, http.StatusOK, &g, c.group)
}

// removeGroup is A96.
func removeGroup(c *call) error {
	if err := c.api.Store.RemoveGroup(c.Context, c.asker(), c.place()); err != nil {
		return err
	}
	return c.accepted()
}

// listNamespaces is A97: the groups in which one may create projects.
func listNamespaces(c *call) error {
	f := c.form()
	q := model.PlaceQuery{Creatable: true, Search: f.search("search"), OwnName: true, Sort: model.PlacesByID}
	if f.is("owned_only") {
		q.MinRole = model.Owner
	}
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Groups(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	return answerList(c, page, list, c.listedNamespace)
}

// getNamespace is A97 for one: it isn't there for who can't create in it.
func getNamespace(c *call) error {
	const missing = "404 Namespace Not Found"
	g, err := c.api.Store.Group(c.Context, c.asker(), c.place())
	if errors.Is(err, model.ErrNotFound) {
		return absent(model.NotFound("namespace"), missing)
	}
	if err != nil {
		return err
	}
	q := model.PlaceQuery{Creatable: true, AfterID: g.ID - 1, BeforeID: g.ID + 1}
	list, err := c.api.Store.Groups(c.Context, c.asker(), q, model.Page{})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list.Rows, func(row model.Group) bool { return row.ID == g.ID })
	if i < 0 {
		return absent(model.NotFound("namespace"), missing)
	}
	return answerOne(c, http.StatusOK, &list.Rows[i], c.listedNamespace)
}

// group writes A90's fields.
func (c *call) group(o *object, g *model.Group) {
	o.number("id", g.ID)
	o.text("name", g.Name)
	o.text("path", g.Path)
	o.text("full_name", g.FullName)
	o.text("full_path", g.FullPath)
	o.numberOrNull("parent_id", g.ParentID)
	o.text("description", g.Description)
	o.text("visibility", g.Visibility.String())
	o.text("web_url", c.Link("groups/"+g.FullPath))
	o.null("avatar_url")
	o.time("created_at", g.CreatedAt)
	o.boolean("request_access_enabled", false)
	o.text("project_creation_level", "maintainer")
	o.text("subgroup_creation_level", "maintainer")
	o.number("organization_id", 1)
	if g.SeesSettings() {
		o.boolean(model.SwitchName, g.TokenCreation)
		o.text("plan", string(g.Plan))
	}
}

// namespace writes the fields that a group has inside a project (A80) and as a
// namespace (A97).
func (c *call) namespace(o *object, g *model.Group) {
	o.number("id", g.ID)
	o.text("name", g.Name)
	o.text("path", g.Path)
	o.text("kind", "group")
	o.text("full_path", g.FullPath)
	o.numberOrNull("parent_id", g.ParentID)
	o.null("avatar_url")
	o.text("web_url", c.Link("groups/"+g.FullPath))
}

func (c *call) listedNamespace(o *object, g *model.Group) {
	c.namespace(o, g)
	if g.SeesSettings() {
		o.text("plan", string(g.Plan))
	}
}
