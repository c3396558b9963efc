package storage

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"patrol/model"
)

const issueColumns = `i.id, i.iid, i.project_id, r.path, i.title, i.description, i.created_at, i.updated_at, i.closed_at,
	(SELECT count(*) FROM notes n WHERE n.issue_id = i.id), ` + authorColumns

const issueTables = `issues i JOIN users u ON u.id = i.author_id JOIN routes r ON r.project_id = i.project_id`

// authorColumns are a record's author as A70's basic user needs him.
const authorColumns = `u.id, u.kind, u.username, u.name, u.blocked`

func authorFields(u *model.User) []any {
	return []any{&u.ID, &u.Kind, &u.Username, &u.Name, &u.Blocked}
}

func scanIssue(scan func(...any) error) (i model.Issue, err error) {
	var description sql.NullString
	var created, updated int64
	var closed sql.NullInt64
	err = scan(append([]any{&i.ID, &i.IID, &i.ProjectID, &i.ProjectPath, &i.Title, &description, &created, &updated, &closed, &i.Notes},
		authorFields(&i.Author)...)...)
	if description.Valid {
		i.Description = &description.String
	}
	i.CreatedAt, i.UpdatedAt, i.ClosedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC(), timeOf(closed)
	return i, err
}

func (t *tx) issue(project, iid int64) (i model.Issue, found bool, err error) {
	err = t.rows(`SELECT `+issueColumns+` FROM `+issueTables+` WHERE i.project_id = ? AND i.iid = ?`, []any{project, iid},
		func(scan func(...any) error) (err error) {
			found = true
			i, err = scanIssue(scan)
			return err
		})
	return i, found, err
}

// inProject decides an action on the records of a project.
func (t *tx) inProject(in model.Ref, a model.Access, action model.Action) (place, error) {
	in.Kind = model.ProjectPlace
	p, err := t.findPlace(in)
	if err != nil {
		return p, err
	}
	_, err = t.permit(a, action, p, "")
	return p, err
}

const insertIssueSQL = `INSERT INTO issues (project_id, iid, title, description, author_id, token_id, created_at, updated_at)
	VALUES (?1, coalesce((SELECT max(iid) FROM issues WHERE project_id = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING iid`

// AddIssue makes an issue; its author is whoever asks (R114, A111).
func (db *DB) AddIssue(ctx context.Context, a model.Actor, in model.Ref, title string, description *string) (issue model.Issue, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, err := t.inProject(in, model.RESTWrite, model.CreateRecord)
		if err != nil {
			return err
		}
		title, err := checkIssue(title, description)
		if err != nil {
			return err
		}
		iid, err := t.int(insertIssueSQL, p.ID, title, description, a.ID(), tokenID(a), t.now.UnixMilli())
		if err != nil {
			return err
		}
		issue, _, err = t.issue(p.ID, iid)
		return err
	})
	return issue, err
}

func tokenID(a model.Actor) any {
	if a.TokenID == 0 {
		return nil
	}
	return a.TokenID
}

// checkIssue trims the title and refuses what can't be one.
func checkIssue(title string, description *string) (string, error) {
	var w wrong
	title, text := model.CleanName(title, false)
	w.add("A111", "title", text)
	if description != nil {
		w.add("A111", "description", checkText(*description))
	}
	return title, w.err()
}

func checkText(s string) string {
	switch {
	case !model.ValidText(s):
		return "is not valid text"
	case len(s) > model.MaxText:
		return "is too long (maximum is 1048576 bytes)"
	}
	return ""
}

// Issue finds one of a project's issues by its number there.
func (db *DB) Issue(ctx context.Context, a model.Actor, in model.Ref, iid int64) (issue model.Issue, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		p, err := t.inProject(in, model.RESTRead, model.SeeProject)
		if err != nil {
			return err
		}
		found := false
		if issue, found, err = t.issue(p.ID, iid); err == nil && !found {
			err = model.NotFound("issue")
		}
		return err
	})
	return issue, err
}

// Issues lists a project's issues, the newest first (A110).
func (db *DB) Issues(ctx context.Context, a model.Actor, in model.Ref, q model.IssueQuery, p model.Page) (list model.List[model.Issue], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		project, err := t.inProject(in, model.RESTRead, model.SeeProject)
		if err != nil {
			return err
		}
		var w where
		w.and(`i.project_id = ?`, project.ID)
		switch q.State {
		case "opened":
			w.and(`i.closed_at IS NULL`)
		case "closed":
			w.and(`i.closed_at IS NOT NULL`)
		}
		if q.Search != "" {
			w.holds(q.Search, `i.title`, `i.description`)
		}
		if q.AuthorID != 0 {
			w.and(`i.author_id = ?`, q.AuthorID)
		}
		if q.Author != "" {
			w.and(`u.username = ?`, q.Author)
		}
		if len(q.IIDs) > 0 {
			w.oneOf(`i.iid`, q.IIDs)
		}
		list, err = page(t, p, paged{columns: issueColumns, from: issueTables, where: w, keys: []sortKey{{column: `i.iid`, descending: true}}},
			func(scan func(...any) error) (model.Issue, []any, error) {
				i, err := scanIssue(scan)
				return i, []any{i.IID}, err
			})
		return err
	})
	return list, err
}

const updateIssueSQL = `UPDATE issues SET title = ?, description = ?, closed_at = ?, updated_at = ? WHERE id = ?`

// ChangeIssue is for its author, and for Planners and up (A112).
func (db *DB) ChangeIssue(ctx context.Context, a model.Actor, in model.Ref, iid int64, c model.IssueChange) (issue model.Issue, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, err := t.inProject(in, model.RESTWrite, model.SeeProject)
		if err != nil {
			return err
		}
		old, found, err := t.issue(p.ID, iid)
		if err != nil {
			return err
		}
		if !found {
			return model.NotFound("issue")
		}
		f, err := t.facts(model.RESTWrite, model.EditRecord, p)
		if err != nil {
			return err
		}
		f.Target.Mine = old.Author.ID == f.Caller.UserID
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		if c.Title != nil {
			old.Title = *c.Title
		}
		if c.Description != nil {
			old.Description = c.Description
		}
		if old.Title, err = checkIssue(old.Title, old.Description); err != nil {
			return err
		}
		if c.Closed != nil && *c.Closed != !old.ClosedAt.IsZero() {
			old.ClosedAt = time.Time{}
			if *c.Closed {
				old.ClosedAt = t.now
			}
		}
		if err := t.exec(updateIssueSQL, old.Title, old.Description, millis(old.ClosedAt), t.now.UnixMilli(), old.ID); err != nil {
			return err
		}
		issue, _, err = t.issue(p.ID, iid)
		return err
	})
	return issue, err
}

const insertNoteSQL = `INSERT INTO notes (issue_id, body, author_id, created_at) VALUES (?, ?, ?, ?)`

const touchIssueSQL = `UPDATE issues SET updated_at = ? WHERE id = ?`

// AddNote comments on an issue (A113).
func (db *DB) AddNote(ctx context.Context, a model.Actor, in model.Ref, iid int64, body string) (note model.Note, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, err := t.inProject(in, model.RESTWrite, model.CreateRecord)
		if err != nil {
			return err
		}
		issue, found, err := t.issue(p.ID, iid)
		if err != nil {
			return err
		}
		if !found {
			return model.NotFound("issue")
		}
		var w wrong
		w.add("A113", "body", checkText(body))
		if strings.TrimSpace(body) == "" {
			w.add("A113", "body", "can't be blank")
		}
		if err := w.err(); err != nil {
			return err
		}
		id, err := t.insert(insertNoteSQL, issue.ID, body, a.ID(), t.now.UnixMilli())
		if err != nil {
			return err
		}
		if err := t.exec(touchIssueSQL, t.now.UnixMilli(), issue.ID); err != nil {
			return err
		}
		author, _, err := t.user(`u.id = ?`, a.ID())
		note = model.Note{ID: id, IssueID: issue.ID, IID: iid, ProjectID: p.ID, Body: body, Author: author, CreatedAt: t.now}
		return err
	})
	return note, err
}

// Notes lists an issue's notes, the newest first.
func (db *DB) Notes(ctx context.Context, a model.Actor, in model.Ref, iid int64, p model.Page) (list model.List[model.Note], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		project, err := t.inProject(in, model.RESTRead, model.SeeProject)
		if err != nil {
			return err
		}
		issue, found, err := t.issue(project.ID, iid)
		if err != nil {
			return err
		}
		if !found {
			return model.NotFound("issue")
		}
		var w where
		w.and(`n.issue_id = ?`, issue.ID)
		list, err = page(t, p, paged{columns: `n.id, n.body, n.created_at, ` + authorColumns, from: `notes n JOIN users u ON u.id = n.author_id`,
			where: w, keys: []sortKey{{column: `n.id`, descending: true}}},
			func(scan func(...any) error) (model.Note, []any, error) {
				n := model.Note{IssueID: issue.ID, IID: iid, ProjectID: project.ID}
				var created int64
				err := scan(append([]any{&n.ID, &n.Body, &created}, authorFields(&n.Author)...)...)
				n.CreatedAt = time.UnixMilli(created).UTC()
				return n, []any{n.ID}, err
			})
		return err
	})
	return list, err
}
