package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) importCommand() *cobra.Command {
	c := a.leaf("import FILE", "Read users, groups, projects, members and tokens from JSON Lines, all or nothing", cobra.ExactArgs(1), func(s *session, args []string) error {
		if args[0] == "-" {
			return s.reading(s.importFrom)
		}
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		return s.importFrom(f)
	})
	c.Long = "Reads the lines that docs/import.md describes from a file, or with - from standard input. What is there already, exactly as a line says, " +
		"is skipped; a line that says otherwise is refused with its number, and nothing is imported. " +
		"Tokens without an expiry date get the day in 365 days."
	c.ValidArgsFunction = nil // a file
	return c
}

func (s *session) importFrom(in io.Reader) error {
	step, end := s.progress("%d lines written")
	report, err := s.store.Import(s.ctx, s.actor, in, step)
	end()
	if err != nil {
		return err
	}
	shape := struct {
		Lines   int `json:"lines"`
		Made    int `json:"made"`
		Skipped int `json:"skipped"` // exactly there already
		Dated   int `json:"dated"`   // endless tokens that were given a date
	}{report.Lines, report.Made, report.Skipped, report.Dated}
	return s.printDone(shape, "%s", importText(report))
}

func importText(r model.ImportReport) string {
	if r.Made == 0 {
		return fmt.Sprintf("Nothing was changed: lines that are there already: %d.", r.Lines)
	}
	text := fmt.Sprintf("Lines imported: %d, there already: %d.", r.Made, r.Skipped)
	if r.Dated > 0 {
		text += fmt.Sprintf(" Tokens without an expiry date that were given one: %d.", r.Dated)
	}
	return text
}

func (a *app) exportCommand() *cobra.Command {
	c := a.leaf("export", "Write all that import reads to standard output, with digests instead of secrets", cobra.NoArgs, func(s *session, _ []string) error {
		return s.store.Export(s.ctx, s.actor, s.out)
	})
	c.Long = "Writes JSON Lines, as docs/import.md describes them, whether or not --json is given. Records, the audit log and repositories aren't among them: a backup holds those."
	return c
}
