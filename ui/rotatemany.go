package ui

import (
	"context"
	"fmt"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// rotateMany opens the form that gives all tokens of the page a new secret.
func (a *App) rotateMany(b *bulk) tea.Cmd {
	return await(a, a.latestExpiry, func(latest model.Date, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		return a.push(newRotateManyForm(a, b, latest))
	})
}

// newRotateManyForm asks until when the new secrets work, over how many days
// their ends are spread, and until when the old ones work.
func newRotateManyForm(a *App, b *bulk, latest model.Date) *form {
	n := len(b.only)
	f := &form{app: a, path: []string{"Rotate " + plural(n, "token")}, who: a.kind, verb: fmt.Sprintf("rotate %d", n), makes: "Makes"}
	overlap := &field{kind: chipField, key: "overlap_hours", label: "Old secrets", pick: usualOverlap}
	for _, o := range overlaps {
		overlap.chips = append(overlap.chips, o.chip)
	}
	expires := expiryField(a, latest)
	expires.picked(expires.pick)
	last := &field{key: "spread_to", label: "Spread to", hint: func() string { return "the last of their ends; empty: all on that day" }}
	if b.spread > 0 {
		last.in.set(min(a.today()+model.Date(lifetimes[1]+b.spread), latest).String())
	}
	f.fields = []*field{overlap, expires, last}
	f.values = func() values {
		v := rotations{app: a, page: b, ids: b.only, asked: model.Rotation{OverlapHours: overlaps[overlap.pick].hours}}
		if v.asked.ExpiresOn, v.wrong = expiryTyped(expires, a.today()); v.wrong == nil {
			v.asked.SpreadTo, v.wrong = expiryTyped(last, a.today())
		}
		return v
	}
	return f
}

// rotations is what the form of a bulk rotation asks for.
type rotations struct {
	app   *App
	page  *bulk
	ids   []int64
	asked model.Rotation
	wrong error
}

// check decides the first and the last of them: between their ends are all
// others. Whether each of them can be is decided when it is done, all or none.
func (v rotations) check(ctx context.Context) (verdict, error) {
	if v.wrong != nil {
		return refusedBy(v.wrong), nil
	}
	var ends [2]model.Date
	for i, at := range []int{0, len(v.ids) - 1} {
		r, d, err := v.app.Store.CheckRotation(ctx, v.app.Actor, model.Ref{}, v.asked.Of(at, len(v.ids)), v.ids[at])
		switch {
		case err != nil:
			return verdict{}, err
		case !d.Allowed:
			return verdict{look: bad, text: clean(d.Text), fields: d.Fields}, nil
		}
		ends[i] = r.ExpiresOn
	}
	said := verdict{look: okay, text: "can be done, all or none; the old secrets work for " + overlapChip(v.asked.OverlapHours) + " more", makes: fmt.Sprintf("%s, which end on %s", plural(len(v.ids), "secret"), ends[0])}
	if ends[1] != ends[0] {
		said.makes = fmt.Sprintf("%s, which end from %s to %s", plural(len(v.ids), "secret"), ends[0], ends[1])
	}
	if v.asked.OverlapHours == 0 {
		said.look, said.text = warn, "whatever still has one of the old secrets fails at once"
	}
	return said, nil
}

func (v rotations) send(ctx context.Context) (func() tea.Cmd, error) {
	if v.wrong != nil {
		return nil, v.wrong
	}
	made, err := v.app.Store.RotateTokens(ctx, v.app.Actor, model.Ref{}, v.asked, v.ids...)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd {
		v.page.done()
		a := v.app
		a.stack = a.stack[:len(a.stack)-1] // the form; the page is replaced
		a.say(okay, plural(len(made), "token")+" rotated, all in one step")
		a.acted(rotateCommand(v.asked, v.ids...)...)
		return a.replace(newSecrets(a, made))
	}, nil
}
