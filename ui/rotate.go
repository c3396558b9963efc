package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// rotates is the deed of a list of tokens: of the current one, or of all that
// are marked.
func rotates(a *App, l *list[model.Token]) deed {
	one := l.row(func(t model.Token) tea.Cmd { return a.rotate(t, usualOverlap) }, func(t model.Token) error { return a.rotatable(t) })
	return deed{
		do: func() tea.Cmd {
			if len(l.marks) > 0 {
				return a.push(newBulk(a, "rotate", l.marked(), l.unmark))
			}
			return one.do()
		},
		can: func() error {
			if len(l.marks) > 0 {
				return a.writable()
			}
			return one.can()
		},
		word: l.withMarks,
	}
}

// rotatable is nil unless nobody can rotate the token; who may, the store says.
func (a *App) rotatable(t model.Token) error {
	switch {
	case a.writable() != nil:
		return a.writable()
	case t.BotDeleted:
		return fmt.Errorf("the bot of %s is gone: make a new token", clean(t.Name))
	case t.State(a.today()) == model.Revoked:
		return fmt.Errorf("%s is revoked: make a new token", clean(t.Name))
	}
	return nil
}

// overlaps are how long the old secret may work on (R69).
var overlaps = []struct {
	chip  string
	hours int
}{{"stops at once", 0}, {"1 h", 1}, {"24 h", 24}, {"7 d", model.MaxOverlap}}

// The one that breaks nothing and still ends soon; and that for a secret which
// is known to others.
const (
	usualOverlap = 2
	noOverlap    = 0
)

// rotate opens the form that gives a token a new secret, or says what is in the
// way. overlap is what the form begins with.
func (a *App) rotate(t model.Token, overlap int) tea.Cmd {
	type outlook struct {
		rotation model.Rotation
		decided  model.Decision
		latest   model.Date
		in       spot
	}
	return await(a, func(ctx context.Context) (o outlook, err error) {
		if o.rotation, o.decided, err = a.Store.CheckRotation(ctx, a.Actor, model.Ref{}, model.Rotation{OverlapHours: overlaps[overlap].hours}, t.ID); err != nil {
			return o, err
		}
		if o.latest, err = a.latestExpiry(ctx); err != nil {
			return o, err
		}
		o.in = spot{path: t.User.Username}
		if t.Place.Kind != model.NoPlace {
			o.in, err = a.readSpot(ctx, t.Place)
		}
		return o, err
	}, func(o outlook, err error) tea.Cmd {
		if err == nil && o.decided.Kind == model.ErrDenied {
			err = o.decided.Err()
		}
		if err != nil {
			a.fail(err)
			return nil
		}
		return a.push(newRotateForm(a, t, o.in, overlap, o.rotation.ExpiresOn, o.latest))
	})
}

// newRotateForm asks until when the new secret works, and the old one.
func newRotateForm(a *App, t model.Token, in spot, pick int, ends, latest model.Date) *form {
	f := &form{app: a, path: []string{in.path, t.Name, "Rotate"}, who: func() string { return a.roleHere(in.role) }, verb: "rotate"}
	overlap := &field{kind: chipField, key: "overlap_hours", label: "Old secret", pick: pick}
	for _, o := range overlaps {
		overlap.chips = append(overlap.chips, o.chip)
	}
	expires := expiryField(a, latest)
	expires.pick = -1
	expires.in.set(ends.String())
	f.fields = []*field{overlap, expires}
	f.values = func() values {
		v := rotation{app: a, token: t, in: in, asked: model.Rotation{OverlapHours: overlaps[overlap.pick].hours}}
		v.asked.ExpiresOn, v.wrong = expiryTyped(expires, a.today())
		return v
	}
	return f
}

// rotation is what the form of a rotation asks for.
type rotation struct {
	app   *App
	token model.Token
	in    spot
	asked model.Rotation
	wrong error
}

func (v rotation) check(ctx context.Context) (verdict, error) {
	if v.wrong != nil {
		return refusedBy(v.wrong), nil
	}
	_, d, err := v.app.Store.CheckRotation(ctx, v.app.Actor, model.Ref{}, v.asked, v.token.ID)
	switch {
	case err != nil:
		return verdict{}, err
	case !d.Allowed:
		return verdict{look: bad, text: clean(d.Text), fields: d.Fields}, nil
	case v.asked.OverlapHours == 0:
		return verdict{look: warn, text: "whatever still has the old secret fails at once: " + strings.ToLower(v.used())}, nil
	}
	return verdict{look: okay, text: "the old secret " + v.oldWorks() + ": " + strings.ToLower(v.used())}, nil
}

// used is who may still have the old secret.
func (v rotation) used() string {
	t := v.token
	if t.LastUsedAt.IsZero() {
		return "it was never used"
	}
	text := "used " + ago(t.LastUsedAt, v.app.now())
	if len(t.LastUsedIPs) > 0 {
		text += ", from " + clean(strings.Join(t.LastUsedIPs, ", "))
	}
	return text
}

// oldWorks is how long the old secret does.
func (v rotation) oldWorks() string {
	if v.asked.OverlapHours == 0 {
		return "works no more"
	}
	return "works for " + overlapChip(v.asked.OverlapHours) + " more"
}

func overlapChip(hours int) string {
	for _, o := range overlaps {
		if o.hours == hours {
			return o.chip
		}
	}
	return ""
}

func (v rotation) send(ctx context.Context) (func() tea.Cmd, error) {
	if v.wrong != nil {
		return nil, v.wrong
	}
	made, err := v.app.Store.RotateTokens(ctx, v.app.Actor, model.Ref{}, v.asked, v.token.ID)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd {
		v.app.acted(rotateCommand(v.asked, v.token.ID)...)
		s := newSecret(v.app, v.in, made[0])
		s.said = "Rotated. Shown now and never again; the old one " + v.oldWorks() + "."
		if v.asked.OverlapHours == 0 {
			return v.app.replace(s)
		}
		old := v.token // as it is now
		old.ReplacedBy, old.ReplacedUntil = made[0].ID, v.app.now().Add(time.Duration(v.asked.OverlapHours)*time.Hour)
		return tea.Batch(v.app.replace(newHandover(v.app, old)), v.app.push(s)) // seen once the secret is stored
	}, nil
}
