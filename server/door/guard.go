package door

import (
	"context"
	"errors"
	"strconv"
	"time"

	"patrol/git"
	"patrol/model"
)

// guard keeps a push from publishing the secrets of live tokens (G110).
type guard struct {
	visit    *Visit
	entrance model.Entrance
	patience time.Duration
	unseen   git.Unseen // what nobody has looked at (G111)
}

// publishOption is what a pusher says who means to publish a token (G112).
const publishOption = "patrol.publish"

// inspection is how a push is looked at; nil: it isn't, by the settings.
func (g *guard) inspection(ctx context.Context) (git.Inspect, error) {
	store := g.visit.House.Store
	on, err := store.Setting(ctx, model.SettingPushProtection)
	if err != nil || on != "true" {
		return nil, err
	}
	seconds, err := store.Setting(ctx, model.SettingPushProtectionSeconds)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(seconds)
	g.patience = time.Duration(n) * time.Second
	return g.inspect, err
}

// errEnough ends the reading of a push where there is no time left for it.
var errEnough = errors.New("the time is up")

func (g *guard) inspect(ctx context.Context, q *git.Quarantine) (says []string, refused bool) {
	p := model.PushInspection{ProjectID: g.entrance.Project.ID}
	for _, option := range q.Options {
		p.Publish = p.Publish || option == publishOption
	}
	until := time.Now().Add(g.patience)
	p.Texts = func(ctx context.Context, each func(model.PushedText) error) (err error) {
		g.unseen, err = q.Objects(ctx, func(o git.Object) error {
			if time.Now().After(until) {
				return errEnough
			}
			return each(model.PushedText(o))
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
	p.Where = func(ctx context.Context, t model.PushedText) (path, commit string, published bool, err error) {
		return q.Where(ctx, git.Object(t))
	}
	leaks, err := g.visit.House.Store.InspectPush(ctx, g.visit.Actor(), p)
	if err != nil {
		if ctx.Err() == nil {
			g.visit.House.Log.Error("a push could not be inspected", "id", g.visit.ID, "error", err)
		}
		return []string{"The push could not be inspected for secrets: try again."}, true
	}
	for _, leak := range leaks {
		says = append(says, leak.String())
	}
	return says, len(leaks) > 0
}
