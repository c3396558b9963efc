package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// handover is what is known of a rotation with overlap while it lasts (R69).
type handover struct {
	old, successor model.Token
	role           model.Role
	ring           bool // when it is safe
}

// progress is what each address of a hand-over does, in words.
var progress = map[model.Progress]struct {
	look look
	text string
}{
	model.StillOld: {warn, "still old"},
	model.Unseen:   {warn, "not seen yet"},
	model.Moved:    {okay, "moved"},
	model.Quiet:    {off, "quiet"},
}

// newHandover watches both secrets of a token that was replaced: which addresses
// have moved to the new one. It never ends the old one by itself.
func newHandover(a *App, old model.Token) *list[model.Mover] {
	h := &handover{old: old}
	l := &list[model.Mover]{app: a, keys: keys.Handover, what: "both secrets' addresses", empty: "Neither secret was used in the last seven days."}
	l.path = func() []string { return []string{old.Owner(), old.Name, "Hand-over"} }
	l.who = func() string { return a.roleHere(h.role) }
	l.aside = func() string { return h.remaining(a.now()) }
	l.above = func(w int) []string { return h.lines(a, l.rows, l.ready, w) }
	bars := func(days [model.HandoverDays]int64, of model.Mover) string {
		shown := days[model.HandoverDays-sparkDays(a):]
		return spark(shown, max(slices.Max(of.Old[:]), slices.Max(of.New[:])))
	}
	l.columns = []column[model.Mover]{
		{head: "FROM", worth: 1, least: 12, cell: func(m model.Mover) string { return clean(m.Address) }},
		{head: "OLD", worth: 5, cell: func(m model.Mover) string { return bars(m.Old, m) }},
		{head: "OLD LAST", worth: 3, cell: func(m model.Mover) string { return seldom(m.OldAt, a.now()) }},
		{head: "NEW", worth: 6, cell: func(m model.Mover) string { return bars(m.New, m) }},
		{head: "NEW LAST", worth: 4, cell: func(m model.Mover) string { return seldom(m.NewAt, a.now()) }},
		{head: "", worth: 2, cell: func(m model.Mover) string {
			return a.theme.state(progress[m.Progress].look, progress[m.Progress].text)
		}},
	}
	l.id = func(m model.Mover) int64 {
		return int64(slices.IndexFunc(l.rows, func(o model.Mover) bool { return o.Address == m.Address }))
	}
	l.fetch = func(ctx context.Context, _ wanted, _ model.Page) (list model.List[model.Mover], err error) {
		var used, taken model.TokenUse
		next, err := a.Store.Token(ctx, a.Actor, model.Ref{}, old.ReplacedBy)
		if err == nil {
			used, err = a.Store.TokenUse(ctx, a.Actor, old.ID)
		}
		if err == nil {
			taken, err = a.Store.TokenUse(ctx, a.Actor, old.ReplacedBy)
		}
		list.Rows = model.Handover(used, taken, next.CreatedAt, a.today())
		list.Total = len(list.Rows)
		return list, err
	}
	l.loaded = func() tea.Cmd {
		if !h.ring || len(l.rows) == 0 || len(model.Waited(l.rows)) > 0 {
			return nil
		}
		h.ring = false
		a.say(okay, "nobody uses the old secret of "+clean(old.Name)+" any more")
		return tea.Raw("\a")
	}
	var reading request
	l.also = func() tea.Cmd { return h.read(a, &reading) }
	l.deeds = map[keys.Action]deed{
		keys.Remove: {do: func() tea.Cmd { return revokeOne(a, h.old, nil) }, can: func() error { return h.endable(a) }},
		keys.Bell: {
			do: func() tea.Cmd {
				h.ring = !h.ring
				return l.loaded()
			},
			can: func() error {
				if len(model.Waited(l.rows)) == 0 {
					return errUnawaited
				}
				return h.running(a.now())
			},
			word: func(usual string) string {
				if h.ring {
					return "no bell"
				}
				return usual
			},
		},
		keys.Copy: {
			do: func() tea.Cmd {
				missing := model.Waited(l.rows)
				return a.copyText(strings.Join(missing, "\n"), plural(len(missing), "address")+" that the old secret must go on for")
			},
			can: func() error {
				if len(model.Waited(l.rows)) == 0 {
					return errUnawaited
				}
				return nil
			},
		},
		keys.Open: {do: func() tea.Cmd { return a.push(newDetail(a, h.successor, nil)) }, can: func() error {
			if h.successor.ID == 0 {
				return errNoRow
			}
			return nil
		}},
	}
	return l
}

var errUnawaited = errors.New("nobody is waited for")

// sparkDays is how many days a sparkline shows.
func sparkDays(a *App) int {
	if a.w < 100 {
		return model.HandoverDays / 2
	}
	return model.HandoverDays
}

// seldom is when something was last seen, or a dash.
func seldom(at, now time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return ago(at, now)
}

// read reads both tokens and the person's role where they are.
func (h *handover) read(a *App, r *request) tea.Cmd {
	id, by, place := h.old.ID, h.old.ReplacedBy, h.old.Place
	return ask(a, r, func(ctx context.Context) (f handover, err error) {
		if f.old, err = a.Store.Token(ctx, a.Actor, model.Ref{}, id); err != nil {
			return f, err
		}
		if f.successor, err = a.Store.Token(ctx, a.Actor, model.Ref{}, by); err != nil || place.Kind == model.NoPlace {
			return f, err
		}
		s, err := a.readSpot(ctx, place)
		f.role = s.role
		return f, err
	}, func(f handover, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		h.old, h.successor, h.role = f.old, f.successor, f.role
		return nil
	})
}

// running is nil while the old secret works.
func (h *handover) running(now time.Time) error {
	if !h.old.RevokedAt.IsZero() || !h.old.ReplacedUntil.After(now) {
		return errors.New("the old secret has ended")
	}
	return nil
}

func (h *handover) endable(a *App) error {
	if err := h.running(a.now()); err != nil {
		return err
	}
	target := model.Target{Kind: h.old.Place.Kind, Role: h.role, Within: true, Flag: true, TokenKind: h.old.Kind, Mine: h.old.User.ID == a.me.ID}
	if h.role == model.NoRole { // not read yet, or an administrator
		target.Visibility = model.Public
	}
	return a.may(model.RevokeToken, target)
}

// remaining is how long the old secret works on.
func (h *handover) remaining(now time.Time) string {
	if h.running(now) != nil {
		return "the old secret has ended"
	}
	left := h.old.ReplacedUntil.Sub(now)
	if left >= 48*time.Hour {
		return fmt.Sprintf("the old secret ends in %d d", left/(24*time.Hour))
	}
	return fmt.Sprintf("the old secret ends in %d h %d min", left/time.Hour, left%time.Hour/time.Minute)
}

// lines say which secret is which, and whether the old one is still needed.
func (h *handover) lines(a *App, movers []model.Mover, ready bool, w int) (lines []string) {
	th := a.theme
	ends := "works until " + h.old.ReplacedUntil.UTC().Format("2006-01-02 15:04 UTC")
	if err := h.running(a.now()); err != nil {
		ends = "has ended"
	}
	lines = []string{fmt.Sprintf("   %s token %d, %s", th.paint(dim, "OLD"), h.old.ID, ends)}
	next := fmt.Sprintf("   %s token %d", th.paint(dim, "NEW"), h.old.ReplacedBy)
	switch {
	case h.successor.ID == 0:
	case h.successor.State(a.today()) == model.Active:
		next += ", until " + h.successor.ExpiresOn.String()
	default:
		next += ", " + th.state(bad, h.successor.State(a.today()).String())
	}
	lines = append(lines, next)
	if !a.low() {
		lines = append(lines, "")
	}
	if !ready {
		return append(lines, "")
	}
	for _, line := range wrap(h.verdict(a, movers), max(w-6, 10)) {
		lines = append(lines, "   "+line)
	}
	if !a.low() {
		lines = append(lines, "")
	}
	return lines
}

// verdict is the one sentence that people come for.
func (h *handover) verdict(a *App, movers []model.Mover) string {
	th, missing := a.theme, model.Waited(movers)
	active := 0
	for _, m := range movers {
		if m.Progress != model.Quiet {
			active++
		}
	}
	switch {
	case h.running(a.now()) != nil && len(missing) == 0:
		return th.state(okay, "The hand-over is done.")
	case h.running(a.now()) != nil:
		return th.state(bad, "Not moved, and failing now: "+clean(strings.Join(missing, ", "))+".")
	case len(movers) == 0:
		return th.state(off, "Nobody is seen: the old secret can end, or wait for its end.")
	case len(missing) == 0:
		return th.state(okay, "Everybody has moved: it is safe to end the old secret.")
	}
	return th.state(warn, fmt.Sprintf("%d of %d active addresses have moved. Ending the old secret now breaks %s.", active-len(missing), active, clean(strings.Join(missing, ", "))))
}
