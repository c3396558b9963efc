package ui

import (
	"context"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// The tabs of a project or group.
const (
	activeTab = iota
	inactiveTab
	membersTab
	settingsTab
)

// place is what the tabs of one project or group share.
type place struct {
	app *App
	spot
	tabs *tabs
	req  request
}

// newPlace shows a project or group: its tokens, members and settings.
func newPlace(a *App, s spot, at int) screen {
	p := &place{app: a, spot: s}
	p.tabs = &tabs{app: a, at: at, counts: p.count, tabs: []tab{
		{"Active", -1, newPlaceTokens(p, true)},
		{"Inactive", -1, newPlaceTokens(p, false)},
		{"Members", -1, newMembers(p)},
		{"Settings", -1, newPlaceSettings(p)},
		{"Can", -1, newReach(p)},
	}}
	p.tabs.screen = p.tabs.tabs[at].screen
	p.show()
	return p.tabs
}

func (p *place) crumbs() []string { return []string{p.path} }

func (p *place) who() string { return p.app.roleHere(p.role) }

// count reads the place anew, and how many tokens and members it has.
func (p *place) count() tea.Cmd {
	a, in := p.app, p.Place
	return ask(a, &p.req, func(ctx context.Context) (spot, error) { return a.readSpot(ctx, in) }, func(s spot, err error) tea.Cmd {
		switch {
		case err == nil:
			p.spot = s
		case unseen(err):
			p.Counts, p.role = model.Counts{}, model.NoRole
		default:
			a.fail(err)
			return nil
		}
		p.show()
		return nil
	})
}

// makesToken is the deed of every tab that makes a token.
func (p *place) makesToken() deed {
	return deed{
		do:  func() tea.Cmd { return p.app.makeToken(p.spot) },
		can: func() error { return p.app.may(model.CreateToken, p.target()) },
	}
}

// show puts the counts onto the tabs: those of tokens only for who may see them.
func (p *place) show() {
	for i, n := range []int{p.ActiveTokens, p.InactiveTokens, p.Members} {
		if i < membersTab && !p.app.seesTokens(p.spot) {
			n = -1
		}
		p.tabs.tabs[i].count = n
	}
}
