package ui

import (
	"context"

	"patrol/model"
)

// spot is what screens know of a project or a group, whichever it is.
type spot struct {
	model.Place
	path       string
	role       model.Role
	visibility model.Visibility
	creation   model.Creation
	top        model.Place // the top-level group above it, or itself
	topPath    string
	plan       model.Plan // of groups
	branch     string     // of projects: the default branch
	model.Counts
}

func projectSpot(p model.Project) spot {
	return spot{
		Place: model.Place{Kind: model.ProjectPlace, ID: p.ID}, path: p.FullPath, role: p.Role, visibility: p.Visibility,
		creation: p.Creation, top: model.Place{Kind: model.GroupPlace, ID: p.TopID}, topPath: p.TopPath, branch: p.DefaultBranch, Counts: p.Counts,
	}
}

func groupSpot(g model.Group) spot {
	s := spot{
		Place: model.Place{Kind: model.GroupPlace, ID: g.ID}, path: g.FullPath, role: g.Role, visibility: g.Visibility,
		top: model.Place{Kind: model.GroupPlace, ID: g.TopID}, topPath: g.TopPath, plan: g.Plan, Counts: g.Counts,
	}
	if !g.TokenCreation {
		s.creation = model.Creation{Rule: "R75", Where: g.TopPath}
	}
	return s
}

// readSpot reads the place anew, with its counts: those come with lists only,
// so it is looked up in one by its path.
func (a *App) readSpot(ctx context.Context, in model.Place) (spot, error) {
	page := model.Page{Limit: model.MaxPage}
	if in.Kind == model.GroupPlace {
		g, err := a.Store.Group(ctx, a.Actor, in.Ref())
		if err != nil {
			return spot{}, err
		}
		found, err := a.Store.Groups(ctx, a.Actor, model.PlaceQuery{Search: g.FullPath, Counts: true}, page)
		return withID(spots(found, groupSpot), groupSpot(g)), err
	}
	p, err := a.Store.Project(ctx, a.Actor, in.Ref())
	if err != nil {
		return spot{}, err
	}
	found, err := a.Store.Projects(ctx, a.Actor, model.PlaceQuery{Search: p.FullPath, Counts: true}, page)
	return withID(spots(found, projectSpot), projectSpot(p)), err
}

// withID is the place in a list, or itself as it was if it isn't there.
func withID(found model.List[spot], s spot) spot {
	for _, row := range found.Rows {
		if row.ID == s.ID {
			return row
		}
	}
	return s
}

// target is the place as the policy's facts have it, as far as a screen knows.
func (s spot) target() model.Target {
	return model.Target{
		Kind: s.Kind, Visibility: s.visibility, Role: s.role, Within: true,
		Flag: s.creation.Rule != "R70", Switch: true, TokenKind: model.KindAt(s.Kind),
	}
}

// creationCell is the CREATION column: what is in the way, if anything is.
func (a *App) creationCell(s spot) string {
	sub := s.Kind == model.GroupPlace && s.Place != s.top
	switch s.creation.Rule {
	case "":
		return ""
	case "R70":
		return a.theme.state(bad, "by flag")
	case "R75":
		if s.Kind == model.GroupPlace && !sub {
			return a.theme.state(bad, "off")
		}
		return a.theme.state(bad, "by "+clean(s.creation.Where))
	}
	return a.theme.state(bad, "by plan")
}

// tokensCell is the TOKENS column: how many are active and how many aren't.
func (a *App) tokensCell(s spot) string {
	text, c := "", s.Counts
	if !a.seesTokens(s) {
		return a.theme.paint(dim, "hidden")
	}
	if c.ActiveTokens > 0 {
		text = count(c.ActiveTokens)
	}
	if c.InactiveTokens > 0 {
		if text != "" {
			text += " "
		}
		text += symbols[off] + count(c.InactiveTokens)
	}
	return orDash(text)
}

// nextExpiry is "◐ in 3 d Nov 25".
func (a *App) nextExpiry(d model.Date) string {
	if d == 0 {
		return ""
	}
	return a.expiry(d) + " " + monthDay(d, a.today())
}

// soon is how many days before its end an active token is worth a warning.
const soon = 7

// expiry is an active token's state: how long it still works.
func (a *App) expiry(d model.Date) string {
	today := a.today()
	if d-today <= soon {
		return a.theme.state(warn, until(d, today))
	}
	return well(until(d, today))
}

// youCell is the YOU column. To an administrator it would say the same of every
// place.
func (a *App) youCell(s spot) string {
	if a.me.Admin {
		return ""
	}
	return roleName(s.role)
}

// roleName is a role, or that there is none.
func roleName(r model.Role) string {
	if r == model.NoRole {
		return "–"
	}
	return r.String()
}
