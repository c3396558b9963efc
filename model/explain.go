package model

import "slices"

// Step is one of the steps of R171 that a decision takes.
type Step struct {
	Name   string // "scope"
	Rule   string
	Passed bool
	Text   string // why not
}

// Change is something that would change the answer, and what the answer would
// then be.
type Change struct {
	Text     string // "with write_repository and as Developer"
	Decision Decision
}

// Explanation is the answer to a Question (R172).
type Explanation struct {
	Token    Token
	Steps    []Step
	Decision Decision
	Changes  []Change
}

// Explain runs Decide and shows what it did: the steps of R171 in their order
// up to the one that decides, and what would change the answer (R172). Each
// change was tried by asking Decide again; where one alone isn't enough, the
// next follows it. Of what the caller can't see it tells nothing (R35).
func Explain(f Facts) (steps []Step, d Decision, changes []Change) {
	d = Decide(f)
	if d.Allowed {
		return f.steps(d), d, f.whatCloses()
	}
	return f.steps(d), d, f.whatOpens(d)
}

// The places of R171's steps in their order.
const (
	stepKnown = iota
	stepExpired
	stepRevoked
	stepBlocked
	stepScope
	stepVisible
	stepPermission
	stepValues
)

func (f *Facts) steps(d Decision) []Step {
	scope := openings[f.Access].rule
	if f.Access == NoAccess {
		scope = "R60"
	}
	list := []Step{
		stepKnown:      {Name: "secret known", Rule: "R145"},
		stepExpired:    {Name: "not expired", Rule: "R91"},
		stepRevoked:    {Name: "not revoked", Rule: "R92"},
		stepBlocked:    {Name: "owner not blocked", Rule: "R153"},
		stepScope:      {Name: "scope", Rule: scope},
		stepVisible:    {Name: "visible", Rule: "R35"},
		stepPermission: {Name: "permission", Rule: permissions[f.Action].rule},
		stepValues:     {Name: "values"},
	}
	last := f.decidedAt(d)
	for i := range last {
		list[i].Passed = true
	}
	list[last].Passed, list[last].Rule, list[last].Text = d.Allowed, d.Rule, d.Text
	return list[:last+1]
}

// decidedAt is the step that d comes from.
func (f *Facts) decidedAt(d Decision) int {
	switch admitted := Admit(f.Caller, f.Access, f.Today); {
	case admitted.Rule == "R145":
		return stepKnown
	case admitted.Rule == "R91":
		return stepExpired
	case admitted.Rule == "R92":
		return stepRevoked
	case admitted.Rule == "R153":
		return stepBlocked
	case !admitted.Allowed:
		return stepScope
	case !f.Sees():
		return stepVisible
	case d.Kind == ErrInvalid:
		return stepValues
	}
	return stepPermission
}

// altered are the facts with one thing different, and how people say what.
type altered struct {
	text string
	Facts
}

// whatOpens mends one refusal after the other: all single changes that open, or
// else the first that leads on to the next refusal, and from there on.
func (f Facts) whatOpens(d Decision) (list []Change) {
	said := ""
	for {
		var opened []Change
		var on *altered
		for _, a := range f.mended() {
			after := Decide(a.Facts)
			switch {
			case after.Allowed:
				opened = append(opened, Change{joined(said, a.text), after})
			case on == nil && after.Rule != d.Rule:
				on = &a
			}
		}
		if opened != nil || on == nil {
			return append(list, opened...)
		}
		f, d, said = on.Facts, Decide(on.Facts), joined(said, on.text)
		list = append(list, Change{said, d})
	}
}

func joined(said, text string) string {
	if said == "" {
		return text
	}
	return said + " and " + text
}

// mended are the changes that can open something, the smallest first. What the
// place is like is left alone as long as the caller doesn't see it (R35).
func (f Facts) mended() (list []altered) {
	if t := f.Caller.Token; t != nil && t.ID != 0 {
		list = append(f.fresh(*t), f.scoped(*t)...)
	}
	add := func(text string, change func(*Facts)) {
		a := altered{text, f}
		change(&a.Facts)
		list = append(list, a)
	}
	if f.Caller.Blocked {
		add("with its owner unblocked", func(f *Facts) { f.Caller.Blocked = false })
	}
	if f.Target.Kind == NoPlace || !f.Sees() {
		return list
	}
	list = append(list, f.promoted()...)
	if !f.Target.Flag {
		add("with the feature flag on", func(f *Facts) { f.Target.Flag = true })
	}
	if !f.Target.Switch {
		add("with token creation on in the top-level group", func(f *Facts) { f.Target.Switch = true })
	}
	if f.Target.SaaS && (f.Target.Plan == Free || f.Target.Plan == Trial) {
		add("with the plan premium", func(f *Facts) { f.Target.Plan = Premium })
	}
	return list
}

// fresh is the token's successor or a new one, where the token itself is over.
func (f Facts) fresh(t Credential) []altered {
	text := "once rotated" // R67: also an expired one can be
	switch {
	case t.Revoked:
		text = "with a new token"
	case t.Replaced:
		text = "with its successor"
	case t.ExpiresOn > f.Today:
		return nil
	}
	t.Revoked, t.Replaced, t.ExpiresOn = false, false, max(t.ExpiresOn, f.Today+1)
	f.Caller.Token = &t
	return []altered{{text, f}}
}

// scoped adds each scope that opens the access and that such a token can have,
// those first that open least besides.
func (f Facts) scoped(t Credential) (list []altered) {
	if t.Scopes.Opens(f.Access) {
		return nil
	}
	scopes := slices.Clone(f.Access.Scopes())
	slices.SortStableFunc(scopes, func(a, b Scope) int { return a.breadth() - b.breadth() })
	for _, s := range scopes {
		if ScopesFor(t.Kind).Has(s) {
			wider := t
			wider.Scopes = append(slices.Clone(t.Scopes), s)
			a := altered{"with " + string(s), f}
			a.Caller.Token = &wider
			list = append(list, a)
		}
	}
	return list
}

// breadth is how many rows of R60's table the scope opens.
func (s Scope) breadth() (n int) {
	for _, o := range openings {
		if o.scopes.Has(s) {
			n++
		}
	}
	return n
}

// promoted is the lowest role that opens or, if none does, that leads on to
// another refusal. A bot has a role in its own place only (R107, R111).
func (f Facts) promoted() []altered {
	var on []altered
	rule := Decide(f).Rule
	for _, r := range Roles {
		if r <= f.role() {
			continue
		}
		a := altered{"as " + r.String(), f}
		if f.Caller.Kind == Bot && !f.Target.Within {
			a.text = "with a token of this place as " + r.String()
			a.Target.Within = true
		}
		a.Target.Role = r
		after := Decide(a.Facts)
		if after.Allowed {
			return []altered{a}
		}
		if on == nil && after.Rule != rule {
			on = []altered{a}
		}
	}
	return on
}

// whatCloses is what an allowed answer hangs on, each thing by itself.
func (f Facts) whatCloses() (list []Change) {
	try := func(text string, g Facts) {
		if d := Decide(g); !d.Allowed {
			list = append(list, Change{text, d})
		}
	}
	t := f.Caller.Token
	if t != nil {
		opening, rest := t.Scopes.part(f.Access.Scopes())
		g, narrow := f, *t
		narrow.Scopes, g.Caller.Token = rest, &narrow
		try("without "+opening.join(" and "), g)
	}
	if needed, under := f.neededRole(); needed != NoRole {
		g := f
		g.Target.Role = under
		try("below "+needed.String(), g)
	}
	g := f
	g.Target.Flag = false
	try("with the feature flag off", g)
	g = f
	g.Target.Switch = false
	try("with token creation off in the top-level group", g)
	if t != nil {
		g = f
		g.Today = t.ExpiresOn
		try("from "+t.ExpiresOn.String()+" on", g)
	}
	return list
}

// part tells those of the list that are among some from the others.
func (list Scopes) part(some Scopes) (in, out Scopes) {
	for _, s := range list {
		if some.Has(s) {
			in = append(in, s)
		} else {
			out = append(out, s)
		}
	}
	return in, out
}

// neededRole is the lowest role with which the answer is still the same, and the
// one under it; NoRole: the role doesn't matter.
func (f Facts) neededRole() (needed, under Role) {
	has, below := f.Target.Role, NoRole
	for _, r := range Roles {
		if f.Target.Role = below; r > has || Decide(f).Allowed {
			break
		}
		needed, under, below = r, below, r
	}
	return needed, under
}
