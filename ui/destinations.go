package ui

import "patrol/keys"

// destinations are the screens that can be gone to from everywhere, over Home.
// Their keys, names and help are those of keys.Places.
func destinations() map[keys.Action]func(*App) screen {
	return map[keys.Action]func(*App) screen{
		keys.GoProjects: newProjects,
		keys.GoGroups:   newGroups,
		keys.GoWho:      newWho,
		keys.GoLog:      newLog,
		keys.GoInstance: newInstance,
		keys.GoPaste:    func(a *App) screen { return newLookup(a) },
		keys.GoTokens:   func(a *App) screen { return newAllTokens(a, "state:active") },
	}
}
