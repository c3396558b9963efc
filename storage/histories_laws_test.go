package storage

import (
	"fmt"
	"slices"
	"strings"

	"patrol/model"
)

// What must hold after every step, or every few.

// secretsHold: every acknowledged secret is let in exactly while its token
// lives, and is named by the same rule where it isn't (R90 to R93, R123, R153).
func (w *world) secretsHold() {
	for _, k := range w.tokens {
		pass, err := w.db.Authenticate(w.t.Context(), k.text)
		w.must(err)
		got := rule(model.Admit(pass.Caller, model.SelfAccess, w.today()).Err())
		if want := w.state(k); got != want || pass.Token.ID != k.id {
			w.t.Errorf("R92: the secret of %v: refused by %q, want %q; found token %d", k, got, want, pass.Token.ID)
		}
	}
	pass, err := w.db.Authenticate(w.t.Context(), model.MakeSecret("glpat-"))
	w.must(err)
	if d := model.Admit(pass.Caller, model.SelfAccess, w.today()); d.Rule != "R145" {
		w.t.Errorf("R145: an unknown secret: %+v", d)
	}
}

// every reads all pages of a list.
func every[T any](w *world, fetch func(model.Page) (model.List[T], error)) (rows []T) {
	w.t.Helper()
	p := model.Page{Limit: model.MaxPage}
	for {
		list, err := fetch(p)
		w.must(err)
		rows = append(rows, list.Rows...)
		if p.After = list.Next; p.After == "" {
			return rows
		}
	}
}

// same compares two lists of lines, whatever their order.
func (w *world) same(what string, got, want []string) {
	w.t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("%s:\n\tstore %s\n\tmodel %s", what, strings.Join(got, "\n\t      "), strings.Join(want, "\n\t      "))
	}
}

// storeAgrees: the store's tokens, bots, members, records and seats are the
// plain model's, and its own check finds nothing.
func (w *world) storeAgrees() {
	ctx := w.t.Context()
	problems, err := w.db.Check(ctx) // with the audit log's chain (R163)
	w.must(err)
	for _, problem := range problems {
		w.t.Error(problem)
	}
	w.same("R90, R100, R120: tokens", w.storedTokens(), w.plainTokens())
	w.familiesHold()
	var want, got []string
	for _, bot := range w.robots() {
		want = append(want, fmt.Sprintf("%d at %v external %v", bot.id, bot.home.Place, bot.external))
	}
	for _, u := range every(w, func(p model.Page) (model.List[model.User], error) {
		return w.db.Users(ctx, root, model.UserQuery{Kind: model.Bot}, p)
	}) {
		got = append(got, fmt.Sprintf("%d at %v external %v", u.ID, u.Place, u.External))
	}
	w.same("R113, R120: bots", got, want)
	w.membersAgree()
	w.recordsAgree()
	seats, humans := 0, 0
	seats, err = w.db.Seats(ctx, root)
	w.must(err)
	for _, p := range w.people {
		if !p.gone && !p.Blocked {
			humans++
		}
	}
	if seats != humans {
		w.t.Errorf("R108: %d seats, want %d", seats, humans)
	}
	w.revokedOnce()
}

func (w *world) storedTokens() (lines []string) {
	for _, k := range every(w, func(p model.Page) (model.List[model.Token], error) {
		return w.db.Tokens(w.t.Context(), root, model.TokenQuery{Deleted: true}, p)
	}) {
		lines = append(lines, fmt.Sprintf("%d %s %q of %d in %v as %v with %v until %v family %d revoked %v by %d gone %v",
			k.ID, k.Kind, k.Name, k.User.ID, k.Place, k.Role, k.Scopes, k.ExpiresOn, k.Family, !k.RevokedAt.IsZero(), k.ReplacedBy, k.BotDeleted))
	}
	return lines
}

func (w *world) plainTokens() (lines []string) {
	for _, k := range w.tokens {
		place, role := model.Place{}, model.NoRole
		if k.bot != nil {
			place, role = k.bot.home.Place, k.bot.role
		}
		lines = append(lines, fmt.Sprintf("%d %s %q of %d in %v as %v with %v until %v family %d revoked %v by %d gone %v",
			k.id, k.kind, k.name, k.user(), place, role, k.scopes, k.expires, k.family, w.dead(k), k.by, k.gone()))
	}
	return lines
}

// familiesHold: of each family at most one token lives that isn't replaced, and
// it is the newest (R66, R68, R69).
func (w *world) familiesHold() {
	newest := map[int64]int64{}
	for _, k := range w.tokens {
		newest[k.family] = max(newest[k.family], k.id)
	}
	yes := true
	for _, k := range every(w, func(p model.Page) (model.List[model.Token], error) {
		return w.db.Tokens(w.t.Context(), root, model.TokenQuery{Active: &yes}, p)
	}) {
		if !k.Replaced() && k.ID != newest[k.Family] {
			w.t.Errorf("R66: token %d of family %d lives beside token %d", k.ID, k.Family, newest[k.Family])
		}
	}
}

// membersAgree: each place's direct members are those that somebody added, and
// the bots of its own tokens, one membership each (R100, R106, R107).
func (w *world) membersAgree() {
	for _, s := range w.spots {
		if s.gone {
			continue
		}
		var got, want []string
		for _, m := range every(w, func(p model.Page) (model.List[model.Member], error) {
			return w.db.Members(w.t.Context(), root, s.Ref(), false, "", p)
		}) {
			got = append(got, fmt.Sprintf("%d %v %v", m.User.ID, m.Role, m.ExpiresOn))
		}
		for at, g := range w.roles {
			if at.at == s && (g.ends == 0 || g.ends > w.today()) {
				want = append(want, fmt.Sprintf("%d %v %v", at.user, g.role, g.ends))
			}
		}
		for _, bot := range w.robots() {
			if bot.home == s {
				want = append(want, fmt.Sprintf("%d %v %v", bot.id, bot.role, model.Date(0)))
			}
		}
		w.same("R100: members of "+s.path(), got, want)
	}
}

// recordsAgree: each record names its author, or the ghost (R114, R131).
func (w *world) recordsAgree() {
	var got, want []string
	for _, s := range w.spots {
		if s.Kind == model.ProjectPlace && !s.gone {
			for _, i := range every(w, func(p model.Page) (model.List[model.Issue], error) {
				return w.db.Issues(w.t.Context(), root, s.Ref(), model.IssueQuery{}, p)
			}) {
				got = append(got, fmt.Sprintf("issue %d by %d", i.ID, i.Author.ID))
			}
		}
	}
	for _, r := range every(w, func(p model.Page) (model.List[model.Runner], error) {
		return w.db.Runners(w.t.Context(), root, model.RunnerQuery{All: true}, p)
	}) {
		got = append(got, fmt.Sprintf("runner %d by %d", r.ID, r.CreatedBy.ID))
	}
	for _, r := range w.records {
		if !r.at.gone {
			want = append(want, fmt.Sprintf("%s %d by %d", r.kind, r.id, r.author))
		}
	}
	w.same("R131: records", got, want)
}

// revokedOnce: the audit log names no token's end twice, and no refused change
// as done (R94, R160).
func (w *world) revokedOnce() {
	ends := map[int64]int{}
	for _, action := range []string{model.TokenRevoked, model.TokenExpiredCleanup} {
		for _, e := range every(w, func(p model.Page) (model.List[model.Entry], error) {
			return w.db.Entries(w.t.Context(), root, model.AuditQuery{Action: action}, p)
		}) {
			if !e.Refused {
				ends[e.TargetID]++
			}
		}
	}
	for id, n := range ends {
		if n > 1 {
			w.t.Errorf("R94: token %d was revoked %d times", id, n)
		}
	}
}

// nothingHiddenShows: what a random caller finds, by list and by look-up, is
// what the policy says that he sees on the plain facts: no more and no less
// (R35, R44, R48, A72).
func (w *world) nothingHiddenShows() {
	a := w.someone()
	if w.seldom() {
		a = who{}
	}
	ctx, actor := w.t.Context(), a.actor()
	sees := func(access model.Access, action model.Action, s *spot) bool {
		return !s.gone && model.Decide(w.facts(a, access, action, s)).Allowed
	}
	if d := model.Admit(w.caller(a), w.facts(a, model.RESTRead, model.NoAction, nil).Access, w.today()); !d.Allowed {
		_, err := w.db.Projects(ctx, actor, model.PlaceQuery{}, model.Page{})
		w.agree(err, d, "%v lists projects", a)
		return
	}
	var projects, groups, seenProjects, seenGroups []string
	for _, s := range w.spots {
		var err error
		action, seen := model.SeeProject, &seenProjects
		if s.Kind == model.GroupPlace {
			action, seen = model.SeeGroup, &seenGroups
			_, err = w.db.Group(ctx, actor, s.Ref())
		} else {
			_, err = w.db.Project(ctx, actor, s.Ref())
		}
		if err == nil != sees(model.RESTRead, action, s) || err != nil && !missing(err) {
			w.t.Errorf("R35: %v looks at the %v %s: %v", a, s.Kind, s.path(), err)
		}
		if sees(model.RESTRead, action, s) {
			*seen = append(*seen, s.path())
		}
	}
	for _, p := range every(w, func(p model.Page) (model.List[model.Project], error) {
		return w.db.Projects(ctx, actor, model.PlaceQuery{}, p)
	}) {
		projects = append(projects, p.FullPath)
	}
	for _, g := range every(w, func(p model.Page) (model.List[model.Group], error) {
		return w.db.Groups(ctx, actor, model.PlaceQuery{}, p)
	}) {
		groups = append(groups, g.FullPath)
	}
	w.same(fmt.Sprintf("R35: projects that %v sees", a), projects, seenProjects)
	w.same(fmt.Sprintf("R35: groups that %v sees", a), groups, seenGroups)
	if a == (who{}) {
		return
	}
	w.tokensShown(a)
	w.botsShown(a, sees)
}

func (w *world) tokensShown(a who) {
	var got, want []string
	for _, k := range every(w, func(p model.Page) (model.List[model.Token], error) {
		return w.db.Tokens(w.t.Context(), a.actor(), model.TokenQuery{}, p)
	}) {
		got = append(got, fmt.Sprint(k.ID))
	}
	for _, k := range w.tokens {
		if k.gone() {
			continue
		}
		own := k.user() == w.caller(a).UserID
		if own || model.Decide(w.aimed(a, model.RESTRead, model.ReadToken, k)).Allowed {
			want = append(want, fmt.Sprint(k.id))
		}
	}
	w.same(fmt.Sprintf("R44, R48: tokens that %v sees", a), got, want)
}

func (w *world) botsShown(a who, sees func(model.Access, model.Action, *spot) bool) {
	var got, want []string
	for _, u := range every(w, func(p model.Page) (model.List[model.User], error) {
		return w.db.Users(w.t.Context(), a.actor(), model.UserQuery{Kind: model.Bot}, p)
	}) {
		got = append(got, fmt.Sprint(u.ID))
	}
	for _, bot := range w.robots() {
		action := model.SeeProject
		if bot.home.Kind == model.GroupPlace {
			action = model.SeeGroup
		}
		if sees(model.RESTRead, action, bot.home) {
			want = append(want, fmt.Sprint(bot.id))
		}
		_, err := w.db.User(w.t.Context(), a.actor(), bot.id, "")
		if err == nil != sees(model.RESTRead, action, bot.home) {
			w.t.Errorf("A72: %v looks at bot %d: %v", a, bot.id, err)
		}
	}
	w.same(fmt.Sprintf("A72: bots that %v sees", a), got, want)
}
