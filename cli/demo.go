package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"patrol/config"
	"patrol/demo"
	"patrol/storage"
)

const maxDemoTokens = 5_000_000

// demoCommand shows the console on a database that is thrown away afterwards.
func (a *app) demoCommand() *cobra.Command {
	tokens := 200
	enough := func() error {
		if tokens < 0 || tokens > maxDemoTokens {
			return usagef("--tokens takes a number from 0 to %d", maxDemoTokens)
		}
		return nil
	}
	show := command("demo", "Open the console on a throw-away database full of tokens", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		if err := errors.Join(enough(), a.terminal()); err != nil {
			return err
		}
		chosen, err := a.chosen() // before much is made
		if err != nil {
			return err
		}
		ctx, stop := hangup(ctx)
		defer stop()
		return a.demo(ctx, tokens, chosen)
	})
	fill := command("fill", "Only make such a database, at --db, and keep it", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		if err := enough(); err != nil {
			return err
		}
		return a.fillDemo(ctx, tokens)
	})
	show.AddCommand(fill)
	show.PersistentFlags().IntVar(&tokens, "tokens", tokens, "how many tokens to make")
	return show
}

func (a *app) demo(ctx context.Context, tokens int, chosen config.Console) (err error) {
	dir, err := os.MkdirTemp("", "patrol-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	a.db, a.repos = filepath.Join(dir, "patrol.db"), filepath.Join(dir, "repositories")
	if err := a.fillBeside(ctx, tokens); err != nil {
		return err
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	o.Small, o.ReadOnly = true, false // with --at, too: the database is thrown away (R174)
	return a.sessionWith(ctx, o, func(s *session) error { return s.show(chosen, a.db, "DEMO") })
}

// fillBeside fills the database in a process of its own, so that the console
// needs no more memory than on any other.
func (a *app) fillBeside(ctx context.Context, tokens int) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"demo", "fill", "--tokens", strconv.Itoa(tokens), "--db", a.db, "--repos", a.repos}
	if at := a.rehearsal(); at != "" {
		args = append(args, "--at", at)
	}
	fill := exec.CommandContext(ctx, program, args...)
	fill.Stderr = a.err // its progress, and what goes wrong
	if err := fill.Run(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("the throw-away database was not made: %w", err))
	}
	return nil
}

// fillDemo makes a database that isn't there yet.
func (a *app) fillDemo(ctx context.Context, tokens int) (err error) {
	if a.db == "" {
		return usagef("say where to: --db FILE")
	}
	server := a.address() != ""
	if _, err := os.Lstat(a.db); !server && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s is there already: demo fill makes a new database", a.db))
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	now := time.Now()
	if o.Clock != nil {
		now = o.Clock()
	}
	step, end := a.progress(fmt.Sprintf("%%d of %d tokens made", tokens))
	err = demo.Make(ctx, a.open, storage.Options{Path: o.Path, Repositories: o.Repositories, Log: o.Log}, now, tokens, step)
	end()
	if err != nil && !server { // what there is lacks indexes and must not be taken for a database
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(a.db + end)
		}
	}
	return err
}
