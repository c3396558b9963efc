package door

import (
	"context"
	"time"

	"patrol/git"
	"patrol/model"
)

// Git runs Git's services for every door: with one number of slots, one
// patience, and one record of pushes.
type Git struct {
	git.Program
	Slots        *git.Slots // one for each running Git process
	Housekeeping *git.Housekeeping

	Wait           time.Duration // how long a request waits for a slot (G30)
	Stall          time.Duration // ends a transfer in which no byte moves
	AnonymousStall time.Duration // the same without credentials: anybody can be slow on purpose

	Leaving context.Context // done: the server drains
	Hard    context.Context // done: what still runs ends now
}

// Take waits for a slot; only if ok it must be freed.
func (g *Git) Take(ctx context.Context, peer string) (ok bool) {
	patience, stop := context.WithTimeout(ctx, g.Wait)
	defer stop()
	defer context.AfterFunc(g.Leaving, stop)()
	return g.Slots.Take(patience, peer)
}

// Run does a transfer of a visit that was let into a repository, and records a
// push that is accepted (G29). The transfer says what is the door's own: In and
// Out, Gone, Interrupt and Enough. The error says that Git can't be started.
func (g *Git) Run(v *Visit, e model.Entrance, t git.Transfer) (outcome git.Outcome, err error) {
	t.Repository, t.Hurry, t.Hard, t.Stall = e.Repository, g.Leaving, g.Hard, g.Stall
	if v.Pass.Caller.Kind == model.Nobody {
		t.Stall = g.AnonymousStall
	}
	t.Warn = func(what string, err error) { v.House.Log.Error(what, "id", v.ID, "error", err) }
	guard := &guard{visit: v, entrance: e}
	t.Pushed = func(changes []model.RefUpdate) { g.record(v, e, t.Gone, changes, guard.unseen) }
	if t.Service == git.ReceivePack && !t.Advertise {
		if t.Inspect, err = guard.inspection(t.Gone); err != nil {
			return git.Outcome{}, err
		}
	}
	outcome, err = g.Program.Run(t)
	switch {
	case err != nil:
		v.House.Log.Error("git does not start", "id", v.ID, "error", err)
	case outcome.Failed != nil && outcome.Cut == nil:
		v.House.Log.Warn("git failed", "id", v.ID, "error", outcome.Failed, "stderr", outcome.Says)
	}
	return outcome, err
}

// record notes an accepted push. It is done whether or not the client is still
// there: the refs have changed.
func (g *Git) record(v *Visit, e model.Entrance, ctx context.Context, changes []model.RefUpdate, unseen git.Unseen) {
	err := v.House.Store.Pushed(context.WithoutCancel(ctx), v.Actor(), model.Push{ProjectID: e.Project.ID, Refs: changes,
		UnseenObjects: unseen.Objects, UnseenBytes: unseen.Bytes})
	if err != nil {
		v.House.Log.Error("an accepted push is not recorded", "id", v.ID, "project", e.Project.ID, "refs", len(changes), "error", err)
	}
	g.Housekeeping.Pushed(e.Repository)
}
