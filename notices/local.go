package notices

import (
	"context"
	"log/slog"

	"patrol/model"
)

// hook runs a file of the machine.
type hook struct {
	file   string
	config Config
}

func (h hook) deliver(ctx context.Context, e model.TokenEvent) error {
	return h.config.Hook(ctx, h.file, string(body(e))+"\n")
}

// logger writes one line.
type logger struct {
	log  *slog.Logger
	name string
}

func (l logger) deliver(ctx context.Context, e model.TokenEvent) error {
	l.log.LogAttrs(ctx, slog.LevelInfo, "event", slog.String("id", e.ID), slog.String("event", string(e.Kind)), slog.Time("at", e.At), slog.Int64("token", e.TokenID),
		slog.String("name", e.Token), slog.String("path", e.PlacePath), slog.String("by", e.By), slog.String("door", string(e.Door)),
		slog.Int("count", e.Count), slog.String("expires_at", e.ExpiresOn.String()), slog.Any("to", e.To))
	return nil
}
