package ui

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// reaches is one row of the matrix of who can do what in a place.
type reaches struct {
	member model.Member
	name   string
	can    []model.Decision
	hidden bool // a bot's token that the person may not see
}

// Rows that stand for more than one person have these instead of a user's number.
const (
	anySignedIn = -1
	anybody     = -2
)

// newReach lists who can do what in a place, each decided by the policy: its
// members, those of the groups above, and whoever has no role there.
func newReach(p *place) *list[reaches] {
	a := p.app
	l := &list[reaches]{app: a, path: p.crumbs, who: p.who, keys: keys.Reach, what: "who can do what"}
	l.id = func(r reaches) int64 { return r.member.User.ID }
	l.columns = []column[reaches]{
		{head: "WHO", worth: 1, least: 10, cell: func(r reaches) string { return clean(r.name) }},
		{head: "ROLE", worth: 3, cell: func(r reaches) string {
			if r.member.Role == model.NoRole {
				return ""
			}
			return r.member.Role.String()
		}},
	}
	for _, head := range reachHeads(p.Kind) {
		l.columns = append(l.columns, column[reaches]{head: head.text, worth: 2, cell: func(r reaches) string { return r.mark(a.theme, head.from, head.to) }})
	}
	l.columns = append(l.columns, column[reaches]{head: "UNTIL", worth: 4, rare: true, cell: func(r reaches) string {
		if r.member.TokenEnds != 0 {
			return r.member.TokenEnds.String()
		}
		return r.member.ExpiresOn.String()
	}})
	l.fetch = func(ctx context.Context, _ wanted, page model.Page) (list model.List[reaches], err error) {
		members, err := a.Store.Members(ctx, a.Actor, p.Ref(), true, "", page)
		if err != nil {
			return list, err
		}
		list.Next, list.Total = members.Next, members.Total
		scopes, err := a.tokensOf(ctx, members.Rows)
		if err != nil {
			return list, err
		}
		for _, m := range members.Rows {
			list.Rows = append(list.Rows, p.reach(m, scopes))
		}
		if list.Next == "" {
			list.Rows = append(list.Rows,
				p.reach(model.Member{User: model.User{ID: anySignedIn, Kind: model.Human, Username: "any user"}}, nil),
				p.reach(model.Member{User: model.User{ID: anybody, Username: "anybody"}}, nil))
		}
		return list, nil
	}
	l.deeds = map[keys.Action]deed{
		keys.Open: l.row(func(r reaches) tea.Cmd {
			return a.push(&prose{app: a, crumb: r.name, title: clean(r.name) + " in " + clean(p.path), write: func(w int) []string { return a.reachRows(p, r, w) }})
		}, nil),
		keys.Copy:     {do: func() tea.Cmd { return a.copyText(reachCSV(p.Kind, l.rows), plural(len(l.rows), "row")+" as CSV") }, can: l.there},
		keys.NewToken: p.makesToken(),
	}
	return l
}

// tokensOf are the tokens of bots among some members, as far as the person may
// see them, by their numbers.
func (a *App) tokensOf(ctx context.Context, members []model.Member) (map[int64]model.Token, error) {
	found := map[int64]model.Token{}
	ids := []int64{}
	for _, m := range members {
		if m.TokenID != 0 {
			ids = append(ids, m.TokenID)
		}
	}
	if len(ids) == 0 {
		return found, nil
	}
	list, err := a.Store.Tokens(ctx, a.Actor, model.TokenQuery{IDs: ids, Deleted: true}, model.Page{Limit: len(ids)})
	for _, t := range list.Rows {
		found[t.ID] = t
	}
	return found, err
}

// reach is a member's row.
func (p *place) reach(m model.Member, tokens map[int64]model.Token) reaches {
	u := m.User
	r := reaches{member: m, name: u.Username}
	caller := u.Caller()
	if u.Kind == model.Bot {
		r.name = u.Name
		t, ok := tokens[m.TokenID]
		if !ok {
			r.hidden = true
			return r
		}
		caller.Token = &model.Credential{ID: t.ID, Kind: t.Kind, ExpiresOn: t.ExpiresOn, Revoked: t.State(p.app.today()) == model.Revoked, Scopes: t.Scopes, Place: t.Place}
	}
	target := p.target()
	target.Role = m.Role
	r.can = model.Can(caller, target, p.app.today())
	return r
}

// reachHead is a column of the matrix: of one ability, or of two that are one
// thing in two directions.
type reachHead struct {
	text     string
	from, to int
}

func reachHeads(k model.PlaceKind) []reachHead {
	if k == model.GroupPlace {
		return []reachHead{{"SEE", 0, 0}, {"PEOPLE", 1, 1}, {"PROJECTS", 2, 2}, {"TOKENS", 3, 3}, {"MEMBERS", 4, 4}, {"SETTINGS", 5, 5}}
	}
	return []reachHead{{"SEE", 0, 0}, {"CLONE", 1, 1}, {"PUSH", 2, 2}, {"IMAGES", 3, 4}, {"TOKENS", 5, 5}, {"MEMBERS", 6, 6}, {"SETTINGS", 7, 7}}
}

// mark is a cell: whether it can, and of two, which.
func (r reaches) mark(th *theme, from, to int) string {
	switch {
	case r.hidden:
		return th.paint(dim, "?")
	case from == to && r.can[from].Allowed:
		return "●"
	case from == to:
		return th.paint(dim, "·")
	}
	arrows := ""
	if r.can[from].Allowed {
		arrows = "↓"
	}
	if r.can[to].Allowed {
		arrows = strings.TrimSpace(arrows + " ↑")
	}
	if arrows == "" {
		return th.paint(dim, "·")
	}
	return arrows
}

// reachRows say why somebody can do what he can, and why not the rest.
func (a *App) reachRows(p *place, r reaches, w int) (rows []string) {
	say := func(text string) { rows = append(rows, wrap(clean(text), w)...) }
	switch m := r.member; {
	case m.User.ID == anybody:
		say("Whoever shows no credentials.")
	case m.User.ID == anySignedIn:
		say("Every person of this instance without a role here, but external ones.")
	case m.From == p.Place:
		say(r.name + " is " + m.Role.String() + " here since " + m.CreatedAt.UTC().Format("2006-01-02") + addedBy(m) + ".")
	default:
		say(r.name + " is " + m.Role.String() + " through " + m.FromPath + ".")
	}
	if r.hidden {
		return append(rows, "", "You may not see its token: what that opens isn't said.")
	}
	rows = append(rows, "")
	for i, d := range r.can {
		look, text := okay, model.Abilities(p.Kind)[i].Name
		if !d.Allowed {
			look = bad
			text += ": " + d.Text
		}
		lines := wrap(clean(text), max(w-8, 10))
		lines[0] = fit(lines[0], max(w-8, 10)) + " " + d.Rule
		rows = append(rows, a.marked(look, lines)...)
	}
	return rows
}

func addedBy(m model.Member) string {
	if m.CreatedBy == nil {
		return ""
	}
	return ", added by " + m.CreatedBy.Username
}

// reachCSV is the matrix for a spreadsheet. A cell never begins as a formula does.
func reachCSV(k model.PlaceKind, list []reaches) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	heads := []string{"who", "role"}
	for _, ability := range model.Abilities(k) {
		heads = append(heads, ability.Name)
	}
	w.Write(append(heads, "until"))
	for _, r := range list {
		role := ""
		if r.member.Role != model.NoRole {
			role = r.member.Role.String()
		}
		row := []string{plainCell(clean(r.name)), role}
		for i := range model.Abilities(k) {
			switch {
			case r.hidden:
				row = append(row, "?")
			case r.can[i].Allowed:
				row = append(row, "yes")
			default:
				row = append(row, "no")
			}
		}
		until := r.member.ExpiresOn
		if r.member.TokenEnds != 0 {
			until = r.member.TokenEnds
		}
		w.Write(append(row, until.String()))
	}
	w.Flush()
	return b.String()
}

// plainCell keeps a name from being run as a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
