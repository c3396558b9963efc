package ui

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newPlaceTokens lists the active or the inactive tokens of a project or group.
func newPlaceTokens(p *place, active bool) *list[model.Token] {
	l := newTokens(p.app, model.TokenQuery{In: p.Ref(), Active: &active, Deleted: !active})
	l.reverse = !active
	l.path, l.who = p.crumbs, p.who
	l.columns = l.columns[1:]
	l.keys = keys.ActiveTokens
	path := clean(p.path)
	l.empty, l.begin = "No active tokens in "+path+".", "n creates the first · tab: inactive"
	if !active {
		l.keys = keys.InactiveTokens
		l.empty, l.begin = "No inactive tokens in "+path+".", ""
	}
	l.deeds[keys.New], l.deeds[keys.NewToken] = p.makesToken(), p.makesToken()
	l.deeds[keys.Settings] = deed{do: func() tea.Cmd { return p.tabs.show(settingsTab) }}
	remove := l.deeds[keys.Remove]
	remove.can = func() error { return cmp.Or(l.there(), p.app.may(model.RevokeToken, p.target())) }
	l.deeds[keys.Remove] = remove
	return l
}

// newAllTokens lists every token that the person may see and that fits the
// filter line.
func newAllTokens(a *App, filter string) *list[model.Token] {
	return newFittingTokens(a, model.TokenQuery{}, filter)
}

// newFittingTokens is that among the tokens of a query.
func newFittingTokens(a *App, q model.TokenQuery, filter string) *list[model.Token] {
	l := newTokens(a, q)
	l.path = func() []string { return []string{"All tokens"} }
	l.who = a.kind
	l.keys = keys.AllTokens
	l.empty = "No tokens yet."
	l.narrow(filter)
	return l
}

// tokenSorts are the orders that s goes through, and what they are called.
var (
	tokenSorts     = []model.TokenSort{model.ByExpiry, model.ByLastUse, model.ByName, model.ByCreated, model.ByID}
	tokenSortNames = []string{"expiry", "last use", "name", "creation", "id"}
)

// newTokens is what all lists of tokens have in common.
func newTokens(a *App, q model.TokenQuery) *list[model.Token] {
	l := &list[model.Token]{app: a, what: "tokens", id: func(t model.Token) int64 { return t.ID }}
	uses := map[int64][]model.UseCount{}
	l.loaded = readUses(a, l, uses)
	l.columns = []column[model.Token]{
		{head: "PROJECT", worth: 3, least: 12, middle: true, cell: func(t model.Token) string { return orDash(clean(t.PlacePath)) }},
		{head: "NAME", worth: 1, least: 12, cell: func(t model.Token) string { return clean(t.Name) }},
		{head: "ROLE", worth: 4, cell: func(t model.Token) string { return roleName(t.Role) }},
		{head: "SCOPES", worth: 8, cell: func(t model.Token) string { return someScopes(t.Scopes) }},
		{head: "USES BY DAY", worth: 6, rare: true, cell: func(t model.Token) string { return a.letInByDay(uses[t.ID]) }},
		{head: "REFUSED", worth: 7, rare: true, right: true, cell: func(t model.Token) string { return a.refusedLately(uses[t.ID]) }},
		{head: "LAST USED", worth: 5, cell: a.lastUse},
		{head: "EXPIRES", worth: 2, cell: a.tokenState},
	}
	l.sorts, l.sorted = tokenSortNames, map[int]string{0: "EXPIRES", 1: "LAST USED", 2: "NAME"}
	l.fetch = func(ctx context.Context, w wanted, p model.Page) (model.List[model.Token], error) {
		asked := q
		asked.IDs = w.ids
		asked.Sort, asked.Descending = tokenSorts[w.sort], w.reverse
		var err error
		if asked.Filter, err = model.ParseFilter(w.filter); err != nil {
			return model.List[model.Token]{}, err
		}
		return a.Store.Tokens(ctx, a.Actor, asked, p)
	}
	l.parse = func(line string) error {
		_, err := model.ParseFilter(line)
		return err
	}
	l.hints = tokenHints
	l.peek = func(t model.Token) screen { return newDetail(a, t, l) }
	markable := func() error { return cmp.Or(a.writable(), l.there()) } // marks are for what changes
	l.deeds = map[keys.Action]deed{
		keys.Open:       l.row(func(t model.Token) tea.Cmd { return a.push(newDetail(a, t, l)) }, nil),
		keys.Copy:       l.row(func(t model.Token) tea.Cmd { return a.copyText(fmt.Sprint(t.ID), fmt.Sprintf("id %d", t.ID)) }, nil),
		keys.Rotate:     rotates(a, l),
		keys.Why:        l.row(func(t model.Token) tea.Cmd { return a.push(newRefusals(a, t)) }, nil),
		keys.AsCalendar: {do: func() tea.Cmd { return a.push(newCalendar(a, q, l.applied, l.path, l.who)) }},
		keys.Sort:       {can: l.there},
		keys.Mark:       {can: markable},
		keys.MarkAll:    {can: markable},
		keys.Remove: {
			do:   func() tea.Cmd { return revokeChosen(a, l) },
			can:  l.there,
			word: l.withMarks,
		},
	}
	return l
}

// someScopes is the first scope and how many more there are.
func someScopes(scopes model.Scopes) string {
	switch len(scopes) {
	case 0:
		return "–"
	case 1:
		return clean(string(scopes[0]))
	}
	return fmt.Sprintf("%s +%d", clean(string(scopes[0])), len(scopes)-1)
}

// staleDays is how long a token may go unused before that is worth a warning.
const staleDays = 90

// stale tells whether an active token hasn't been used for so long.
func stale(t model.Token, today model.Date) bool {
	last := t.LastUsedAt
	if last.IsZero() {
		last = t.CreatedAt
	}
	return t.State(today) == model.Active && today-model.DateOf(last) > staleDays
}

func (a *App) lastUse(t model.Token) string {
	text := ago(t.LastUsedAt, a.now())
	if stale(t, a.today()) {
		return a.theme.state(warn, text)
	}
	return text
}

// tokenState is "● in 12 d", "◐ in 3 d", "◐ published" (G112), "◐ replaced by 58" (R69), "○ expired" or
// "✕ revoked".
func (a *App) tokenState(t model.Token) string {
	switch t.State(a.today()) {
	case model.Expired:
		return a.theme.state(off, "expired")
	case model.Revoked:
		return a.theme.state(bad, "revoked")
	}
	switch {
	case t.Published(a.today()): // G112
		return a.theme.state(warn, "published")
	case t.Replaced():
		return a.theme.state(warn, fmt.Sprintf("replaced by %d", t.ReplacedBy))
	}
	return a.expiry(t.ExpiresOn)
}

// revokeChosen asks before it revokes the current token, or shows all that are
// marked before it revokes them.
func revokeChosen(a *App, l *list[model.Token]) tea.Cmd {
	if row, ok := l.current(); ok && len(l.marks) == 0 {
		return revokeOne(a, row, nil)
	}
	return a.push(newBulk(a, "revoke", l.marked(), l.unmark))
}

// revokeOne asks, saying what will break.
func revokeOne(a *App, t model.Token, after func()) tea.Cmd {
	name := clean(t.Name)
	if t.State(a.today()) == model.Revoked {
		a.say(dim, name+" is revoked already")
		return nil
	}
	lines := []string{clean(named(t)), breaks(t.Scopes) + " with it fail from now on."}
	switch {
	case t.Replaced():
		lines[1] = strings.TrimSuffix(lines[1], ".") + fmt.Sprintf("; token %d, which replaced it, stays.", t.ReplacedBy)
	case t.Kind != model.PersonalToken:
		lines[1] = strings.TrimSuffix(lines[1], ".") + "; its bot goes."
	}
	if t.LastUsedAt.IsZero() {
		lines = append(lines, "It was never used.")
	} else {
		used := "Used " + ago(t.LastUsedAt, a.now())
		if len(t.LastUsedIPs) > 0 {
			used += ", from " + clean(strings.Join(t.LastUsedIPs, ", "))
		}
		lines = append(lines, used+".")
	}
	lines = append(lines, "Its scopes: "+clean(t.Scopes.String())+".", "It cannot be undone.")
	return a.push(newConfirm(a, question{title: fmt.Sprintf("Revoke token %d?", t.ID), lines: lines, yesWord: "Yes, revoke", yes: func() tea.Cmd {
		return a.revoke([]int64{t.ID}, name+" revoked", after)
	}}))
}

// named is a token as a question calls it: "token 41 deploy of acme/web
// (Developer)".
func named(t model.Token) string {
	text := fmt.Sprintf("token %d %s of ", t.ID, t.Name)
	if t.Kind == model.PersonalToken {
		return text + t.User.Username
	}
	return text + t.PlacePath + " (" + t.Role.String() + ")"
}

// breaks names what a token's scopes open.
func breaks(scopes model.Scopes) string {
	var what []string
	if scopes.Opens(model.GitFetch) {
		what = append(what, "Git")
	}
	if scopes.Opens(model.RESTRead) {
		what = append(what, "API")
	}
	if scopes.Opens(model.RegistryPull) || scopes.Opens(model.RegistryPush) {
		what = append(what, "registry")
	}
	switch n := len(what); n {
	case 0:
		return "Calls"
	case 1:
		return strings.ToUpper(what[0][:1]) + what[0][1:] + " calls"
	default:
		return strings.Join(what[:n-1], ", ") + " and " + what[n-1] + " calls"
	}
}

// revoke revokes all or none and says so.
func (a *App) revoke(ids []int64, said string, after func()) tea.Cmd {
	return a.change(func(ctx context.Context) error {
		return a.Store.RevokeTokens(ctx, a.Actor, model.Ref{}, ids...)
	}, func() tea.Cmd {
		if after != nil {
			after()
		}
		a.say(okay, said)
		a.acted(idWords("revoke", ids)...)
		return a.reload()
	})
}
