package server

import (
	"context"
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

// pushed tells the housekeeping of a repository that was pushed to. If it has
// enough to do, the next push will tell it again.
func (s *Server) pushed(repository string) {
	select {
	case s.untidy <- repository:
	default:
	}
}

// keepHouse packs repositories until ctx is done.
func (s *Server) keepHouse(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case repository := <-s.untidy:
			if worthPacking(repository) {
				s.pack(ctx, repository)
			}
		}
	}
}

func (s *Server) pack(ctx context.Context, repository string) {
	git := s.gitProcess(repository, "", "-c", "gc.auto=6700", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
	if err := git.cmd.Start(); err != nil {
		s.Log.Warn("git gc can't be started", "repository", repository, "error", err)
		return
	}
	stop := context.AfterFunc(ctx, git.end)
	defer stop()
	switch err := git.wait(); {
	case err == nil:
		s.Log.Info("repository packed", "repository", repository)
	case ctx.Err() == nil:
		s.Log.Warn("git gc failed; it is tried again after a later push", "repository", repository, "error", err,
			"says", strings.TrimSpace(git.stderr.String()))
	}
}

func worthPacking(repository string) bool {
	loose, _ := os.ReadDir(filepath.Join(repository, "objects", "17")) // none: nothing there
	packs, _ := filepath.Glob(filepath.Join(repository, "objects", "pack", "*.pack"))
	return len(loose) >= looseEnough || len(packs) > packsEnough
}
