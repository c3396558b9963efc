package git

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Each push leaves small files or a pack of its own, and many of them make every
// fetch slower. Git puts them together when it is told to: after pushes, one
// repository at a time, and never while a request waits for it.

// When it is worth it: Git's own measures of gc.auto and gc.autoPackLimit. Of
// loose objects it looks at one of 256 folders.
const (
	looseEnough = 27
	packsEnough = 50
)

// Housekeeping packs repositories that were pushed to.
type Housekeeping struct {
	program Program
	log     *slog.Logger
	untidy  chan string // repositories that may want it
}

// NewHousekeeping makes one, which does nothing yet.
func NewHousekeeping(g Program, log *slog.Logger) *Housekeeping {
	return &Housekeeping{g, log, make(chan string, 64)}
}

// Pushed tells of a repository that was pushed to. If there is enough to do, the
// next push will tell it again.
func (h *Housekeeping) Pushed(repository string) {
	select {
	case h.untidy <- repository:
	default:
	}
}

// Run packs repositories until ctx is done.
func (h *Housekeeping) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case repository := <-h.untidy:
			if worthPacking(repository) {
				h.pack(ctx, repository)
			}
		}
	}
}

func (h *Housekeeping) pack(ctx context.Context, repository string) {
	git := h.program.process(repository, "", "-c", "gc.auto=6700", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
	if err := git.cmd.Start(); err != nil {
		h.log.Warn("git gc can't be started", "repository", repository, "error", err)
		return
	}
	stop := context.AfterFunc(ctx, git.end)
	defer stop()
	switch err := git.wait(); {
	case err == nil:
		h.log.Info("repository packed", "repository", repository)
	case ctx.Err() == nil:
		h.log.Warn("git gc failed; it is tried again after a later push", "repository", repository, "error", err,
			"says", strings.TrimSpace(git.stderr.String()))
	}
}

func worthPacking(repository string) bool {
	loose, _ := os.ReadDir(filepath.Join(repository, "objects", "17")) // none: nothing there
	packs, _ := filepath.Glob(filepath.Join(repository, "objects", "pack", "*.pack"))
	return len(loose) >= looseEnough || len(packs) > packsEnough
}
