package ui

import (
	"strings"
	"testing"

	"patrol/model"
)

// The matrix says what the policy says: of bots what explain answers for the same
// question, and of people what the rules of §2 say (R20–R28, R172).
func TestReach(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	id := must(s.db.Project(t.Context(), root, model.ProjectRef("acme/web"))).ID
	web := must(d.app.readSpot(t.Context(), model.Place{Kind: model.ProjectPlace, ID: id}))
	p := &place{app: d.app, spot: web}
	list := must(newReach(p).fetch(t.Context(), wanted{}, model.Page{Limit: 50}))
	questions := map[int]string{1: "git fetch acme/web", 2: "git push acme/web", 3: "registry pull acme/web", 4: "registry push acme/web"}
	asked := 0
	for _, r := range list.Rows {
		if r.member.TokenID == 0 {
			continue
		}
		for i, text := range questions {
			q := must(model.ParseQuestion([]string{text}))
			e := must(s.db.Explain(t.Context(), root, r.member.TokenID, q))
			if r.can[i].Allowed != e.Decision.Allowed {
				t.Errorf("R172: %s, %s: the matrix says %v, explain %+v", r.name, text, r.can[i].Allowed, e.Decision)
			}
			asked++
		}
	}
	if asked < 20 {
		t.Errorf("only %d questions", asked)
	}
	row := func(name string) string {
		for _, r := range list.Rows {
			if r.name == name {
				var marks []string
				for _, can := range r.can {
					marks = append(marks, map[bool]string{true: "y", false: "n"}[can.Allowed])
				}
				return strings.Join(marks, "")
			}
		}
		return "missing"
	}
	for name, want := range map[string]string{"mara": "yyyyyyyy", "sam": "yyyyynnn", "any user": "nnnnnnnn", "anybody": "nnnnnnnn"} {
		if got := row(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// What a token opens is said to those who may see it (R44, R48): a Maintainer of a
// project sees no token of the group above.
func TestReachHides(t *testing.T) {
	s := full(t)
	moe := s.user("moe", nil)
	must(s.db.AddMember(t.Context(), root, model.ProjectRef("acme/web"), moe.ID, model.Maintainer, 0))
	c := config(s.db)
	c.Actor = model.Actor{UserID: moe.ID, Door: model.ConsoleDoor}
	d := drive(t, c, 80, 24)
	d.keys("g p enter tab tab tab tab").shows("terraform     Owner       ?    ?", "renovate      Maintainer  ●")
	d.keys("enter").shows("You may not see its token")
	d.keys("esc y")
	if len(d.copied) != 1 || !strings.Contains(d.copied[0], "terraform,Owner,?,?") || !strings.Contains(d.copied[0], "sam,Developer,yes,yes,yes") {
		t.Errorf("copied %q", d.copied)
	}
}

func TestReachCSV(t *testing.T) {
	got := reachCSV(model.GroupPlace, []reaches{{name: `=cmd|"x"`, hidden: true}})
	if !strings.Contains(got, `"'=cmd|""x"""`) {
		t.Errorf("a formula: %s", got)
	}
}
