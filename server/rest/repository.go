package rest

import (
	"context"
	"errors"
	"net/http"

	"patrol/git"
	"patrol/model"
)

// code is a project's repository, opened for one request.
type code struct {
	*git.View
	project model.Project
}

// openCode lets the caller into a project's code (R21) and opens the repository.
// If there is no error the code must be closed.
func (c *call) openCode() (*code, error) {
	e, err := c.api.Store.Enter(c.Context, c.Pass.Caller, c.endpoint.Access, c.endpoint.Action, c.place())
	if err != nil {
		return nil, err
	}
	if e.Repository == "" {
		return nil, message(http.StatusNotFound, "404 Repository Not Found")
	}
	patience, cancel := context.WithTimeout(c.Context, c.api.Patience)
	defer cancel()
	view, ok := c.api.Reader.Open(c.Context, patience, c.Address, e.Repository)
	switch {
	case ok:
		return &code{view, e.Project}, nil
	case c.Context.Err() != nil:
		return nil, c.Context.Err()
	}
	return nil, &model.Reason{Kind: model.ErrBusy, Text: "Too many are reading repositories."}
}

// withCode opens the code for as long as read takes: not while a slow client takes
// an answer that is short. What isn't there is answered in the endpoint's own words
// (A137).
func (c *call) withCode(absent string, read func(*code) error) error {
	repository, err := c.openCode()
	if err != nil {
		return err
	}
	defer repository.Close()
	return unread(read(repository), absent)
}

// unread says why something of a repository can't be read.
func unread(err error, absent string) error {
	switch {
	case errors.Is(err, git.ErrNotThere):
		return message(http.StatusNotFound, "404 "+absent+" Not Found")
	case errors.Is(err, git.ErrTooLong):
		return message(http.StatusUnprocessableEntity, "422 Unprocessable Entity - Git takes too long to find that; ask for a part of it")
	}
	return err
}

// part is the page's part of a list in a repository.
func (p paging) part() git.Part {
	return git.Part{Offset: p.Offset, Limit: p.Limit, Count: model.CountLimit}
}

// answerRows answers with a page of what a repository holds. The repository is
// closed by then.
func answerRows[T any](c *call, p paging, rows *git.Rows[T], write func(*object, *T)) error {
	list := model.List[T]{Rows: rows.Rows, Total: rows.Total}
	if rows.More() {
		list.Next = "more"
	}
	return answerList(c, p, list, write)
}

// listBranches is A130.
func listBranches(c *call) error {
	f := c.form()
	q := git.NamedRefs{Search: f.search("search")}
	sort := f.oneOf("sort", "name_asc", "updated_asc", "updated_desc")
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	q.Part, q.Order = page.part(), refOrders[sort]
	var rows *git.Rows[git.Branch]
	var write func(*object, *git.Branch)
	err := c.withCode("Branch", func(in *code) (err error) {
		if rows, err = in.Branches(q); err == nil {
			write, err = c.branchOf(in)
		}
		return err
	})
	if err != nil {
		return err
	}
	return answerRows(c, page, rows, write)
}

// refOrders are the orders of branches and tags, as Git names them.
var refOrders = map[string]string{
	"updated_asc": "creatordate", "updated_desc": "-creatordate",
	"name_desc": "-refname", "version_asc": "version:refname", "version_desc": "-version:refname",
}

// getBranch is A130 for one.
func getBranch(c *call) error {
	b := git.Branch{Name: c.arg(":name")}
	var write func(*object, *git.Branch)
	err := c.withCode("Branch", func(in *code) (err error) {
		if b.Commit, err = in.Branch(b.Name); err == nil {
			write, err = c.branchOf(in)
		}
		return err
	})
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusOK, &b, write)
}

// branchOf writes A130's fields of a project's branches.
func (c *call) branchOf(in *code) (func(*object, *git.Branch), error) {
	may, err := c.mayPush(in.project)
	return func(o *object, b *git.Branch) {
		o.text("name", b.Name)
		o.boolean("merged", false)
		o.boolean("protected", false)
		o.boolean("developers_can_push", false)
		o.boolean("developers_can_merge", false)
		o.boolean("can_push", may)
		o.boolean("default", b.Name == in.project.DefaultBranch)
		o.text("web_url", c.Link(in.project.FullPath+"/-/tree/"+b.Name))
		inside(o, "commit", b.Commit, c.commitOf(in.project))
	}, err
}

// mayPush tells whether the caller himself may push, whatever his token is for.
func (c *call) mayPush(p model.Project) (bool, error) {
	_, err := c.api.Store.Enter(c.Context, c.Pass.Caller, c.endpoint.Access, model.PushCode, p.Ref())
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, model.ErrDenied), errors.Is(err, model.ErrUnauthenticated), errors.Is(err, model.ErrNotFound), errors.Is(err, model.ErrReadOnly):
		return false, nil
	}
	return false, err
}

// listTags is A131, those changed last first.
func listTags(c *call) error {
	f := c.form()
	q := git.NamedRefs{Search: f.search("search")}
	order, sort := f.oneOf("order_by", "name", "updated", "version"), f.oneOf("sort", "asc", "desc")
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	if order == "" {
		order = "updated"
	}
	if sort == "" {
		sort = "desc"
	}
	q.Part, q.Order = page.part(), refOrders[order+"_"+sort]
	var rows *git.Rows[git.Tag]
	var project model.Project
	err := c.withCode("Tag", func(in *code) (err error) {
		project = in.project
		rows, err = in.Tags(q)
		return err
	})
	if err != nil {
		return err
	}
	return answerRows(c, page, rows, c.tagOf(project))
}

// getTag is A131 for one.
func getTag(c *call) error {
	var t git.Tag
	var project model.Project
	err := c.withCode("Tag", func(in *code) (err error) {
		project = in.project
		t, err = in.Tag(c.arg(":name"))
		return err
	})
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusOK, &t, c.tagOf(project))
}

// tagOf writes A131's fields.
func (c *call) tagOf(p model.Project) func(*object, *git.Tag) {
	return func(o *object, t *git.Tag) {
		o.text("name", t.Name)
		o.textOrNull("message", t.Message)
		o.text("target", t.Target)
		if t.Commit == nil {
			o.null("commit")
		} else {
			inside(o, "commit", t.Commit, c.commitOf(p))
		}
		o.null("release")
		o.boolean("protected", false)
	}
}

// listTree is A132.
func listTree(c *call) error {
	f := c.form()
	path, _ := f.text("path")
	ref, recursive := f.ref("ref"), f.is("recursive")
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	var rows *git.Rows[git.Entry]
	err := c.withCode("Tree", func(in *code) error {
		commit, err := in.Resolve(ref)
		switch {
		case err != nil:
		case recursive:
			rows, err = in.Everything(commit, path, page.part())
		default:
			rows, err = in.Folder(commit, path, page.part())
		}
		return err
	})
	if err != nil {
		return err
	}
	return answerRows(c, page, rows, c.entry)
}

// ref reads a branch, tag or commit; HEAD, if there is none.
func (f *form) ref(key string) string {
	if text, ok := f.text(key); ok && text != "" {
		return text
	}
	return "HEAD"
}

// entry writes A132's fields.
func (c *call) entry(o *object, e *git.Entry) {
	o.text("id", e.ID)
	o.text("name", e.Name())
	o.text("type", e.Kind())
	o.text("path", e.Path)
	o.text("mode", e.Mode)
}

// listCommits is A136, the newest first.
func listCommits(c *call) error {
	f := c.form()
	var q git.Log
	ref := f.ref("ref_name")
	q.Path, _ = f.text("path")
	q.Since, q.Until = f.moment("since"), f.moment("until")
	all := f.is("all")
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	q.Part = page.part()
	rows := &git.Rows[*git.Commit]{Part: q.Part}
	var project model.Project
	err := c.withCode("Commit", func(in *code) error {
		project = in.project
		if !all {
			commit, err := in.Resolve(ref)
			if errors.Is(err, git.ErrNotThere) && ref == "HEAD" { // nothing was pushed yet
				return nil
			}
			if err != nil {
				return err
			}
			q.From = commit.ID
		}
		if q.Path != "" && !git.ValidPath(q.Path) { // nothing has changed it
			return nil
		}
		found, err := in.Commits(q)
		if err == nil {
			rows = found
		}
		return err
	})
	if err != nil {
		return err
	}
	write := c.commitOf(project)
	list := model.List[*git.Commit]{Rows: rows.Rows, Total: model.CountLimit + 1} // no totals in the headers
	if rows.More() {
		list.Next = "more"
	}
	return answerList(c, page, list, func(o *object, commit **git.Commit) { write(o, *commit) })
}

// getCommit is A136 for one.
func getCommit(c *call) error {
	f := c.form()
	stats := f.boolean("stats")
	if err := f.err(); err != nil {
		return err
	}
	counted := stats == nil || *stats
	var commit *git.Commit
	var lines git.Lines
	var project model.Project
	err := c.withCode("Commit", func(in *code) (err error) {
		project = in.project
		if commit, err = in.Resolve(c.arg(":sha")); err == nil && counted {
			lines, err = in.Changed(commit)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, func(o *object) {
		c.commitOf(project)(o, commit)
		if counted {
			o.object("stats", func(o *object) {
				o.number("additions", lines.Added)
				o.number("deletions", lines.Deleted)
				o.number("total", lines.Added+lines.Deleted)
			})
		}
		o.null("status")
	})
}

// commitOf writes A136's fields of a project's commits.
func (c *call) commitOf(p model.Project) func(*object, *git.Commit) {
	return func(o *object, commit *git.Commit) {
		o.text("id", commit.ID)
		o.text("short_id", commit.ID[:8])
		o.time("created_at", commit.Committer.At)
		o.texts("parent_ids", commit.Parents)
		o.text("title", commit.Title())
		o.text("message", commit.Message)
		o.text("author_name", commit.Author.Name)
		o.text("author_email", commit.Author.Email)
		o.time("authored_date", commit.Author.At)
		o.text("committer_name", commit.Committer.Name)
		o.text("committer_email", commit.Committer.Email)
		o.time("committed_date", commit.Committer.At)
		o.raw("trailers", []byte("{}"))
		o.text("web_url", c.Link(p.FullPath+"/-/commit/"+commit.ID))
	}
}
