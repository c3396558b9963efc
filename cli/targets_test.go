package cli

import (
	"log/slog"
	"testing"

	"patrol/model"
)

// A target is told of places that no person need see: root may be blocked, as he
// is where administrators have names of their own.
func TestTargetsNeedNobody(t *testing.T) {
	d := newDue(t)
	root := model.Actor{UserID: model.RootID, Door: model.CLIDoor}
	p, err := d.Project(t.Context(), root, model.ProjectRef("acme/web"))
	if err != nil {
		t.Fatal(err)
	}
	ann, err := d.AddUser(t.Context(), root, model.NewUser{Username: "ann", Name: "Ann", Email: "ann@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := d.ChangeUser(t.Context(), root, ann.ID, model.UserChange{Admin: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ChangeUser(t.Context(), model.Actor{UserID: ann.ID, Door: model.CLIDoor}, model.RootID, model.UserChange{Blocked: &yes}); err != nil {
		t.Fatal(err)
	}
	c := (&session{store: d.DB}).telling(slog.New(slog.DiscardHandler))
	if got, err := c.Project(t.Context(), model.Place{Kind: model.ProjectPlace, ID: p.ID}); err != nil || got.Path != "acme/web" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Group(t.Context(), model.Place{Kind: model.GroupPlace, ID: p.GroupID}); err != nil || got.FullPath != "acme" {
		t.Errorf("%+v, %v", got, err)
	}
}
