package ui

import (
	"context"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// closedKey is that of the row which closed makes.
const closedKey = "closed"

// groupsLooked is how many top-level groups are looked at for those where nobody
// can make tokens.
const groupsLooked = 500

// closed is the row of the groups in which nobody can make tokens (R75): somebody
// has meant that, so that it needs nobody.
func (a *App) closed(ctx context.Context) ([]cause, error) {
	n, first, after := 0, "", ""
	for looked := 0; looked < groupsLooked; looked += model.MaxPage {
		found, err := a.Store.Groups(ctx, a.Actor, model.PlaceQuery{TopLevel: true}, model.Page{Limit: model.MaxPage, After: after})
		if err != nil {
			return nil, err
		}
		for _, g := range found.Rows {
			if !g.TokenCreation {
				if n++; n == 1 {
					first = clean(g.FullPath)
				}
			}
		}
		if after = found.Next; after == "" {
			break
		}
	}
	switch {
	case n == 0:
		return nil, nil
	case n > 1:
		first += " and " + count(n-1) + " more"
	}
	return []cause{{key: closedKey, look: off, what: "creation off in " + plural(n, "group"), where: first,
		so: "no new tokens", open: func(a *App) tea.Cmd { return a.push(newGroups(a)) }}}, nil
}

// seesNoTokens tells whether there is no project or group whose tokens the person
// may see: then none of them being there says nothing. In which he may, the policy
// says.
func (a *App) seesNoTokens(ctx context.Context) (bool, error) {
	me, err := a.Store.User(ctx, a.Actor, a.Actor.ID(), "") // beside Update, and maybe before a.me was read
	if err != nil {
		return false, err
	}
	for _, kind := range []model.PlaceKind{model.ProjectPlace, model.GroupPlace} {
		role, ok := me.Caller().LowestRole(model.ListTokens, kind)
		switch {
		case !ok:
			continue
		case role == model.NoRole:
			return false, nil
		}
		if some, err := a.hasRole(ctx, kind, role); err != nil || some {
			return false, err
		}
	}
	return true, nil
}

// hasRole tells whether the person has at least a role in a place of a kind.
func (a *App) hasRole(ctx context.Context, kind model.PlaceKind, role model.Role) (bool, error) {
	q, one := model.PlaceQuery{MinRole: role}, model.Page{Limit: 1}
	if kind == model.GroupPlace {
		found, err := a.Store.Groups(ctx, a.Actor, q, one)
		return len(found.Rows) > 0, err
	}
	found, err := a.Store.Projects(ctx, a.Actor, q, one)
	return len(found.Rows) > 0, err
}
