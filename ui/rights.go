package ui

import (
	"errors"

	"patrol/model"
)

// may asks the policy whether the person could do something in a place, for
// the footer; the store decides when it is done.
func (a *App) may(do model.Action, t model.Target) error { return a.judge()(do, t) }

// judge is may with what is known now, for use beside Update.
func (a *App) judge() func(model.Action, model.Target) error {
	me, closed, facts := a.me, a.writable(), a.facts()
	return func(do model.Action, t model.Target) error {
		switch {
		case closed != nil:
			return closed
		case me.ID == 0: // not read yet: let the store say
			return nil
		}
		facts.Action, facts.Target = do, t
		return model.Decide(facts).Err()
	}
}

// facts are the policy's about the person.
func (a *App) facts() model.Facts {
	return model.Facts{Today: a.today(), Caller: a.me.Caller()}
}

// seesTokens tells whether the person may see a place's tokens (R44, R48, R70),
// as far as it is known yet.
func (a *App) seesTokens(s spot) bool {
	facts := a.facts()
	facts.Action, facts.Target = model.ListTokens, s.target()
	return a.me.ID == 0 || model.Decide(facts).Allowed
}

// writable is nil unless the whole console only reads.
func (a *App) writable() error {
	switch {
	case a.below != nil:
		return errors.New("this is another day: nothing can be changed; esc comes back")
	case a.Rehearsal:
		return errors.New("the clock is set by --at: nothing can be changed")
	case a.readOnly():
		return errors.New("auditors only read")
	}
	return nil
}

func (a *App) readOnly() bool { return a.me.Auditor && !a.me.Admin }

// kind is what the header says of the user where there is no role.
func (a *App) kind() string {
	switch {
	case a.me.Admin:
		return "Administrator"
	case a.me.Auditor:
		return "Auditor"
	}
	return ""
}

// roleHere is what the header says of the user in a place.
func (a *App) roleHere(r model.Role) string {
	if r == model.NoRole {
		return a.kind()
	}
	return r.String()
}
