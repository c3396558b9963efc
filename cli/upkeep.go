package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// checkCommand is no leaf: it changes nothing.
func (a *app) checkCommand() *cobra.Command {
	return command("check", "Check the database, the audit log's chain, the repositories and the packages", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		return a.session(ctx, (*session).check)
	})
}

func (s *session) check() error {
	problems, err := s.store.Check(s.ctx)
	if err != nil {
		return err
	}
	shape := struct {
		OK       bool     `json:"ok"`
		Problems []string `json:"problems"`
	}{len(problems) == 0, append([]string{}, problems...)}
	if len(problems) == 0 {
		return s.printDone(shape, "No problem found.")
	}
	if s.json {
		err = s.printObject(shape)
	}
	for i := 0; i < len(problems) && !s.json && err == nil; i++ {
		err = s.printDone(nil, "%s", problems[i])
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("problems found: %d", len(problems))
}

func (a *app) backupCommand() *cobra.Command {
	c := a.leaf("backup FILE", "Write a consistent copy of the database, also while it is in use", cobra.ExactArgs(1), func(s *session, args []string) error {
		if err := s.store.Backup(s.ctx, args[0]); err != nil {
			return err
		}
		shape := struct {
			File string `json:"file"`
		}{args[0]}
		return s.printDone(shape, "Wrote %s.", args[0])
	})
	c.ValidArgsFunction = nil // a file
	return c
}
