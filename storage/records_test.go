package storage

import (
	"errors"
	"strings"
	"testing"

	"patrol/model"
)

// R114, R131, A115: records name their author; the ghost, once the bot is gone,
// with ids, times and texts unchanged.
func TestRecordsMoveToGhost(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "deploy", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Maintainer})
	if err != nil {
		t.Fatal(err)
	}
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	text := "see log"
	issue, err := db.AddIssue(t.Context(), bot, p.Ref(), " Disk almost full ", &text)
	if err != nil || issue.Author.ID != bot.UserID || issue.IID != 1 || issue.Title != "Disk almost full" {
		t.Fatalf("R114: %+v, %v", issue, err)
	}
	if second, err := db.AddIssue(t.Context(), root, p.Ref(), "Another", nil); err != nil || second.IID != 2 {
		t.Fatalf("A114: %+v, %v", second, err)
	}
	note, err := db.AddNote(t.Context(), bot, p.Ref(), issue.IID, "cleaned")
	if err != nil || note.Author.ID != bot.UserID {
		t.Fatalf("R114: %+v, %v", note, err)
	}
	issue, err = db.Issue(t.Context(), root, p.Ref(), issue.IID)
	if err != nil || issue.Notes != 1 {
		t.Fatalf("A114: %+v, %v", issue, err)
	}
	runner, secret, err := db.AddRunner(t.Context(), bot, model.Runner{Kind: model.ProjectRunner, Place: model.Place{Kind: model.ProjectPlace, ID: p.ID}, RunUntagged: true, AccessLevel: "not_protected"})
	if err != nil || !strings.HasPrefix(secret.Reveal(), "glrt-") || len(secret.Reveal()) != 25 || runner.CreatedBy.ID != bot.UserID {
		t.Fatalf("R140, A120: %+v, %v", runner, err)
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID); err != nil {
		t.Fatal(err)
	}
	after, err := db.Issue(t.Context(), root, p.Ref(), issue.IID)
	if err != nil || after.Author.ID != model.GhostID || after.Author.Name != "Ghost User" {
		t.Errorf("R131: issue: %+v, %v", after, err)
	}
	after.Author, issue.Author = model.User{}, model.User{}
	if *after.Description != *issue.Description || after.Title != issue.Title || !after.UpdatedAt.Equal(issue.UpdatedAt) || after.ID != issue.ID {
		t.Errorf("R131: the issue changed: %+v", after)
	}
	notes, err := db.Notes(t.Context(), root, p.Ref(), issue.IID, model.Page{})
	if err != nil || len(notes.Rows) != 1 || notes.Rows[0].Author.ID != model.GhostID || notes.Rows[0].Body != "cleaned" {
		t.Errorf("R131: note: %+v, %v", notes.Rows, err)
	}
	if r, err := db.Runner(t.Context(), root, runner.ID); err != nil || r.CreatedBy.ID != model.GhostID {
		t.Errorf("R131: runner: %+v, %v", r, err)
	}
	moved, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.RecordsMoved}, model.Page{})
	if err != nil || len(moved.Rows) != 1 || !strings.Contains(moved.Rows[0].Change, `"records":3`) {
		t.Errorf("R162: %+v, %v", moved.Rows, err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// A112: its author and Planners edit an issue; R111: a bot from elsewhere
// writes nothing, also on a public project; R35: what isn't seen isn't there.
func TestWhoWritesRecords(t *testing.T) {
	db := open(t, Options{})
	p, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "open/web", Visibility: model.Public, Parents: true})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := addProject(t, db, "acme/other")
	person := func(name string, role model.Role) model.Actor {
		u, err := db.AddUser(t.Context(), root, model.NewUser{Username: name})
		if err != nil {
			t.Fatal(err)
		}
		if role != model.NoRole {
			if _, err := db.AddMember(t.Context(), root, p.Ref(), u.ID, role, 0); err != nil {
				t.Fatal(err)
			}
		}
		return model.Actor{UserID: u.ID, Door: model.APIDoor}
	}
	author, planner, guest := person("author", model.NoRole), person("planner", model.Planner), person("guest", model.Guest)
	issue, err := db.AddIssue(t.Context(), author, p.Ref(), "Mine", nil)
	if err != nil {
		t.Fatalf("R22: any known user on a public project: %v", err)
	}
	closed := true
	for name, c := range map[string]struct {
		a    model.Actor
		want error
	}{"author": {author, nil}, "planner": {planner, nil}, "guest": {guest, model.ErrDenied}} {
		if _, err := db.ChangeIssue(t.Context(), c.a, p.Ref(), issue.IID, model.IssueChange{Closed: &closed}); !errors.Is(err, c.want) {
			t.Errorf("A112: %s: %v", name, err)
		}
	}
	made := addToken(t, db, root, elsewhere.Ref(), "stranger")
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	if _, err := db.AddIssue(t.Context(), bot, p.Ref(), "spam", nil); rule(err) != "R111" {
		t.Errorf("R111: %v", err)
	}
	if _, err := db.AddIssue(t.Context(), guest, elsewhere.Ref(), "hidden", nil); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R35: %v", err)
	}
	for title, want := range map[string]string{"": "Title can't be blank", "a\x1b[0mb": "Title can't contain control characters or direction marks"} {
		if _, err := db.AddIssue(t.Context(), author, p.Ref(), title, nil); err == nil || err.Error() != want {
			t.Errorf("A111: %q: %v", title, err)
		}
	}
	for _, q := range []model.IssueQuery{{State: "closed"}, {Search: "min"}, {Author: "AUTHOR"}, {IIDs: []int64{1, 7}}} {
		if list, err := db.Issues(t.Context(), guest, p.Ref(), q, model.Page{}); err != nil || len(list.Rows) != 1 {
			t.Errorf("A110: %+v: %v, %v", q, list.Rows, err)
		}
	}
}

// A120, A121: who makes, sees and deletes runners.
func TestWhoManagesRunners(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "dev") // a Developer
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	project := model.Runner{Kind: model.ProjectRunner, Place: model.Place{Kind: model.ProjectPlace, ID: p.ID}, AccessLevel: "not_protected", RunUntagged: true}
	if _, _, err := db.AddRunner(t.Context(), bot, project); rule(err) != "R28" {
		t.Errorf("R28: %v", err)
	}
	group := model.Runner{Kind: model.GroupRunner, Place: model.Place{Kind: model.GroupPlace, ID: 1}, AccessLevel: "ref_protected", Tags: []string{"go", "linux"}}
	instance := model.Runner{Kind: model.InstanceRunner, AccessLevel: "not_protected", RunUntagged: true}
	for _, r := range []model.Runner{project, group, instance} {
		if _, _, err := db.AddRunner(t.Context(), root, r); err != nil {
			t.Errorf("A120: %s: %v", r.Kind, err)
		}
	}
	if _, _, err := db.AddRunner(t.Context(), root, model.Runner{Kind: model.InstanceRunner, AccessLevel: "not_protected"}); !errors.Is(err, model.ErrInvalid) {
		t.Errorf("A120: neither tags nor untagged: %v", err)
	}
	if list, err := db.Runners(t.Context(), bot, model.RunnerQuery{}, model.Page{}); err != nil || len(list.Rows) != 0 {
		t.Errorf("A121: a Developer's: %v, %v", list.Rows, err)
	}
	if list, err := db.Runners(t.Context(), root, model.RunnerQuery{In: model.GroupRef("acme")}, model.Page{}); err != nil || len(list.Rows) != 1 || len(list.Rows[0].Tags) != 2 {
		t.Errorf("A121: the group's: %v, %v", list.Rows, err)
	}
	if _, err := db.Runners(t.Context(), bot, model.RunnerQuery{All: true}, model.Page{}); !errors.Is(err, model.ErrDenied) {
		t.Errorf("A121: all: %v", err)
	}
	if err := db.RemoveRunner(t.Context(), bot, 1); !errors.Is(err, model.ErrDenied) {
		t.Errorf("A121: %v", err)
	}
	if err := db.RemoveRunner(t.Context(), root, 1); err != nil {
		t.Error(err)
	}
}
