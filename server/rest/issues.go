package rest

import (
	"net/http"
	"strconv"

	"patrol/model"
)

// listIssues is A110, the newest first.
func listIssues(c *call) error {
	f := c.form()
	var q model.IssueQuery
	if q.State = f.oneOf("state", "opened", "closed", "all"); q.State == "all" {
		q.State = ""
	}
	q.Search, q.Author = f.search("search"), f.search("author_username")
	q.AuthorID, q.IIDs = f.id("author_id"), f.ids("iids")
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Issues(c.Context, c.asker(), c.place(), q, page.Page)
	if err != nil {
		return err
	}
	return answerList(c, page, list, c.issue)
}

// getIssue is A110 for one.
func getIssue(c *call) error {
	i, err := c.api.Store.Issue(c.Context, c.asker(), c.place(), c.number(":iid"))
	if err != nil {
		return c.absentInside(err, noRow)
	}
	return answerOne(c, http.StatusOK, &i, c.issue)
}

// addIssue is A111.
func addIssue(c *call) error {
	f := c.form()
	title, description := f.required("title"), f.optional("description")
	if err := f.err(); err != nil {
		return err
	}
	i, err := c.api.Store.AddIssue(c.Context, c.asker(), c.place(), title, description)
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusCreated, &i, c.issue)
}

// changeIssue is A112.
func changeIssue(c *call) error {
	f := c.form()
	change := model.IssueChange{Title: f.optional("title"), Description: f.optional("description")}
	if event := f.oneOf("state_event", "close", "reopen"); event != "" {
		change.Closed = new(event == "close")
	}
	if err := f.err(); err != nil {
		return err
	}
	i, err := c.api.Store.ChangeIssue(c.Context, c.asker(), c.place(), c.number(":iid"), change)
	if err != nil {
		return c.absentInside(err, noRow)
	}
	return answerOne(c, http.StatusOK, &i, c.issue)
}

// listNotes is A113, the newest first.
func listNotes(c *call) error {
	f := c.form()
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Notes(c.Context, c.asker(), c.place(), c.number(":iid"), page.Page)
	if err != nil {
		return c.absentInside(err, noRow)
	}
	return answerList(c, page, list, c.note)
}

// addNote is A113.
func addNote(c *call) error {
	f := c.form()
	body := f.required("body")
	if err := f.err(); err != nil {
		return err
	}
	n, err := c.api.Store.AddNote(c.Context, c.asker(), c.place(), c.number(":iid"), body)
	if err != nil {
		return c.absentInside(err, noRow)
	}
	return answerOne(c, http.StatusCreated, &n, c.note)
}

// issue writes A114's fields.
func (c *call) issue(o *object, i *model.Issue) {
	state := "opened"
	if !i.ClosedAt.IsZero() {
		state = "closed"
	}
	o.number("id", i.ID)
	o.number("iid", i.IID)
	o.number("project_id", i.ProjectID)
	o.text("title", i.Title)
	o.optional("description", i.Description)
	o.text("state", state)
	o.time("created_at", i.CreatedAt)
	o.time("updated_at", i.UpdatedAt)
	o.time("closed_at", i.ClosedAt)
	inside(o, "author", &i.Author, c.basicUser)
	o.raw("assignees", []byte("[]"))
	o.raw("labels", []byte("[]"))
	o.number("user_notes_count", int64(i.Notes))
	o.boolean("confidential", false)
	o.text("web_url", c.Link(i.ProjectPath+"/-/issues/"+strconv.FormatInt(i.IID, 10)))
}

// note writes A114's fields of a note.
func (c *call) note(o *object, n *model.Note) {
	o.number("id", n.ID)
	o.text("body", n.Body)
	inside(o, "author", &n.Author, c.basicUser)
	o.time("created_at", n.CreatedAt)
	o.time("updated_at", n.CreatedAt)
	o.boolean("system", false)
	o.number("noteable_id", n.IssueID)
	o.text("noteable_type", "Issue")
	o.number("noteable_iid", n.IID)
	o.number("project_id", n.ProjectID)
}
