package ui

import (
	"context"

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
		{"Active", s.ActiveTokens, newPlaceTokens(p, true)},
		{"Inactive", s.InactiveTokens, newPlaceTokens(p, false)},
		{"Members", s.Members, newMembers(p)},
		{"Settings", -1, newPlaceSettings(p)},
	}}
	return p.tabs
}

func (p *place) crumbs() []string { return []string{p.path} }

func (p *place) who() string { return p.app.roleHere(p.role) }

// count reads the place anew, and how many tokens and members it has.
func (p *place) count() tea.Cmd {
	a, in := p.app, p.Place
	return ask(a, &p.req, func(ctx context.Context) (spot, error) { return a.readSpot(ctx, in) }, func(s spot, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		p.spot = s
		for i, n := range []int{s.ActiveTokens, s.InactiveTokens, s.Members} {
			p.tabs.tabs[i].count = n
		}
		return nil
	})
}
