package model

import (
	"context"
	"io"
)

// Transfer moves everything in and out (R97, R98).
type Transfer interface {
	// Import reads JSON Lines, all or nothing. A refusal names the line.
	Import(ctx context.Context, a Actor, text io.Reader, progress func(lines int)) (ImportReport, error)
	Export(ctx context.Context, a Actor, w io.Writer) error
}

// ImportReport counts what an import did.
type ImportReport struct {
	Lines, Made, Skipped int // skipped: exactly there already
	Dated                int // endless tokens that were given a date (R97)
}
