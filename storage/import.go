package storage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"patrol/git"
	"patrol/model"
)

var _ model.Transfer = (*DB)(nil)

// Import reads the JSON Lines of R98, all or nothing.
//
// It goes over them twice. First every line's form is checked, and what it says
// put aside in a nameless file, digests in place of secrets: so a slow reader
// holds nobody up, and most of what is wrong is found before anything is
// written. Then all is written in one transaction. Meanwhile others read what
// was there before, and wait with their changes. Memory doesn't grow with the
// number of lines.
func (db *DB) Import(ctx context.Context, a model.Actor, text io.Reader, progress func(lines int)) (model.ImportReport, error) {
	if err := db.change(ctx, a, (*tx).mayImport); err != nil {
		return model.ImportReport{}, err
	}
	aside, lines, err := db.putAside(ctx, text)
	if err != nil {
		return model.ImportReport{}, err
	}
	defer aside.Close()
	var report model.ImportReport
	err = db.alone(ctx, a, func(t *tx) error {
		if err := t.mayImport(); err != nil { // again: much may have happened since
			return err
		}
		im, err := newImport(t, ctx, progress)
		if err != nil {
			return err
		}
		if err := im.all(aside, lines); err != nil {
			return err
		}
		report = im.report
		if report.Made == 0 {
			return nil
		}
		return t.exec(noticeAgainSQL) // today's search didn't know of them (R96)
	})
	if err != nil {
		return model.ImportReport{}, err
	}
	return report, nil
}

// alone runs a use case on a connection and in a transaction of its own, where
// it may be long: what others ask this process's writer for isn't mixed with it.
func (db *DB) alone(ctx context.Context, a model.Actor, do func(*tx) error) (err error) {
	ctx = context.WithoutCancel(ctx) // it would interrupt SQLite; do looks itself
	c, err := db.newConn(ctx, Alone)
	if err != nil {
		return db.engine.Explain(err)
	}
	defer func() { err = db.engine.Explain(errors.Join(err, c.close())) }()
	if err := c.begin(ctx, true); err != nil {
		return err
	}
	end := &chain{}
	if err = guarded(do, &tx{db: db, conn: c, ctx: ctx, actor: a, now: db.Now(), chain: end}); err == nil {
		err = c.commit(ctx, end)
	}
	if err != nil {
		c.exec(ctx, "ROLLBACK") // SQLite may have done so itself
	}
	return err
}

// mayImport: only administrators, who can do all that an import does (R33).
func (t *tx) mayImport() error {
	_, err := t.onInstance(model.RESTWrite, model.Administer, model.TokenImported, about{kind: "instance"})
	return err
}

// atLine says which line an error is about.
func atLine(number int, err error) error {
	reason, ok := errors.AsType[*model.Reason](err)
	if !ok || reason.Kind == model.ErrUnavailable {
		return err
	}
	at := *reason
	at.Text = fmt.Sprintf("line %d: %s; nothing was imported", number, reason.Text)
	return &at
}

// eachLine calls do with every line and its number, without the line's end.
func eachLine(ctx context.Context, text io.Reader, do func(number int, line []byte) error) error {
	r := bufio.NewReaderSize(text, maxLine+1)
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return atLine(number, badLine("is too long (maximum is %d bytes)", maxLine))
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("line %d can't be read: %w; nothing was imported", number, err)
		case len(line) == 0:
			return nil // the end
		}
		if line[len(line)-1] == '\n' {
			line = line[:len(line)-1]
		}
		if err := do(number, line); err != nil {
			return err
		}
	}
}

// putAside checks the form of all lines and writes them, in the form of an
// export, to a file without a name that ends with the process.
func (db *DB) putAside(ctx context.Context, text io.Reader) (aside *os.File, lines int, err error) {
	if aside, err = os.CreateTemp(db.folder, ".import-"); err != nil {
		return nil, 0, asideError(err)
	}
	defer func() {
		if err != nil {
			aside.Close()
		}
	}()
	if err := os.Remove(aside.Name()); err != nil {
		return aside, 0, asideError(err)
	}
	w := bufio.NewWriterSize(aside, 1<<16)
	out, now := newLineWriter(w), db.Now()
	err = eachLine(ctx, text, func(number int, text []byte) error {
		l, err := parseLine(text)
		if err == nil {
			err = l.check(now)
		}
		if err != nil {
			return atLine(number, err)
		}
		lines = number
		return asideError(out.Encode(l))
	})
	if err == nil && lines == 0 {
		err = &model.Reason{Rule: "R98", Text: "there is no line to import", Kind: model.ErrInvalid}
	}
	if err == nil {
		err = asideError(w.Flush())
	}
	if err == nil {
		_, err = aside.Seek(0, io.SeekStart)
	}
	return aside, lines, err
}

func asideError(err error) error {
	if err == nil {
		return nil
	}
	return &model.Reason{Text: fmt.Sprintf("The lines can't be put aside beside the database: %v. Nothing was imported.", err), Kind: model.ErrUnavailable}
}

// newLineWriter writes lines as an export does.
func newLineWriter(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// importing is an import under way.
type importing struct {
	t        *tx
	ctx      context.Context // the caller's: it can be cancelled, the transaction's can't
	progress func(lines int)
	report   model.ImportReport

	places map[string]place // those that lines have named last
	people map[string]int64

	batch              []*gathered
	digests, usernames map[string]bool // those in the batch
	entry              model.Entry     // who imports, for the audit log

	before map[string]int64 // the greatest number in each table, before
	ended  bool             // a bot's token came revoked
	root   bool             // root was changed
}

const (
	maxRemembered = 10_000 // places and people
	progressEvery = 10_000 // lines
	manyLines     = 10_000 // from here on, and if the tokens become twice as many, indexes are built anew
)

func newImport(t *tx, ctx context.Context, progress func(int)) (*importing, error) {
	im := &importing{t: t, ctx: ctx, progress: progress, places: map[string]place{}, people: map[string]int64{},
		digests: map[string]bool{}, usernames: map[string]bool{}, before: map[string]int64{}}
	if progress == nil {
		im.progress = func(int) {}
	}
	entry, err := t.entry("", about{kind: "token"})
	if err != nil {
		return nil, err
	}
	im.entry = *entry
	for _, table := range []string{"users", "tokens", "projects"} {
		last, err := t.int(`SELECT coalesce(max(id), 0) FROM ` + table)
		if err != nil {
			return nil, err
		}
		im.before[table] = last
	}
	return im, nil
}

// all applies the lines that were put aside.
func (im *importing) all(aside io.Reader, lines int) error {
	var indexes []string
	var err error
	if lines >= manyLines && int64(lines) > im.before["tokens"] {
		if indexes, err = im.t.dropIndexes(spareIndexesSQL); err != nil {
			return err
		}
	}
	if err := im.apply(aside); err != nil {
		return err
	}
	for _, create := range indexes {
		if err := im.t.exec(create); err != nil {
			return err
		}
	}
	for _, last := range []func() error{im.keepAdmin, im.endBots, im.makeRepositories} {
		if err := last(); err != nil {
			return err
		}
	}
	im.progress(im.report.Lines)
	return nil
}

func (im *importing) apply(aside io.Reader) error {
	err := eachParsed(im.ctx, aside, func(number int, l line) error {
		im.report.Lines = number
		if number%progressEvery == 0 {
			im.progress(number)
		}
		if token, ok := l.(*tokenLine); ok {
			return im.gather(number, token)
		}
		if err := im.flush(); err != nil {
			return err
		}
		made, err := l.(thing).apply(im)
		switch {
		case err != nil:
			return atLine(number, err)
		case made:
			im.report.Made++
		default:
			im.report.Skipped++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return im.flush()
}

// eachParsed calls do with every line and its number. The lines are parsed on
// another processor than the one that does.
func eachParsed(ctx context.Context, text io.Reader, do func(number int, l line) error) error {
	reading, stop := context.WithCancel(ctx)
	parsed := parseAhead(reading, text)
	defer func() {
		stop()
		for range parsed { // until nobody reads the text any more
		}
	}()
	for next := range parsed {
		if next.err != nil {
			return next.err
		}
		if err := do(next.number, next.line); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type parsedLine struct {
	number int
	line   line
	err    error
}

// parseAhead parses lines on another processor than the one that writes. The
// channel ends after the last line, after an error, or when ctx is done.
func parseAhead(ctx context.Context, text io.Reader) <-chan parsedLine {
	parsed := make(chan parsedLine, 4*tokenBatch)
	give := func(p parsedLine) error {
		select {
		case parsed <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	go func() {
		defer close(parsed)
		err := eachLine(ctx, text, func(number int, text []byte) error {
			l, err := parseLine(text)
			if err != nil {
				return atLine(number, err)
			}
			return give(parsedLine{number: number, line: l})
		})
		if err != nil {
			give(parsedLine{err: err}) // fails only if nobody wants it any more
		}
	}()
	return parsed
}

const newProjectsSQL = `SELECT id FROM projects WHERE id > ?`

// makeRepositories is the last step: folders can't be rolled back.
func (im *importing) makeRepositories() error {
	return im.t.rows(newProjectsSQL, []any{im.before["projects"]}, func(scan func(...any) error) error {
		var id int64
		if err := scan(&id); err != nil {
			return err
		}
		return im.t.db.makeRepository(id, git.FirstBranch)
	})
}

// place finds the project or group of a path.
func (im *importing) place(kind model.PlaceKind, path string) (place, error) {
	if p, known := im.places[path]; known && (kind == model.NoPlace || kind == p.Kind) {
		return p, nil
	}
	p, err := im.t.findPlace(model.Ref{Kind: kind, Path: path})
	switch {
	case err != nil:
		return p, err
	case p.missing:
		what := kind.String()
		if kind == model.NoPlace {
			what = "project or group"
		}
		return p, notThere(what, path)
	}
	remember(im.places, path, p)
	return p, nil
}

const personSQL = `SELECT id, kind FROM users WHERE username = ? AND (deleted_at IS NULL OR kind = 2)`

// person finds the human of a username.
func (im *importing) person(username string) (id int64, err error) {
	if id, known := im.people[username]; known {
		return id, nil
	}
	var kind model.UserKind
	found, err := im.t.row(personSQL, []any{username}, &id, &kind)
	switch {
	case err != nil:
		return 0, err
	case !found:
		return 0, notThere("user", username)
	case kind != model.Human:
		return 0, &model.Reason{Rule: "R98", Text: fmt.Sprintf("%q is no person", shortened(username)), Kind: model.ErrConflict}
	}
	remember(im.people, username, id)
	return id, nil
}

// remember keeps a bounded number of answers.
func remember[V any](known map[string]V, key string, v V) {
	if len(known) >= maxRemembered {
		clear(known)
	}
	known[key] = v
}

func notThere(what, name string) error {
	return &model.Reason{Rule: "R98", Text: fmt.Sprintf("there is no %s %q: its line must come before", what, shortened(name)), Kind: model.ErrNotFound}
}

// shortened is a text as an error repeats it: a line may hold a very long one.
func shortened(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return text
}

// The form of times in lines: UTC to the millisecond.
const lineTime = "2006-01-02T15:04:05.000Z"

// checkTime brings a time into that form. It may be up to a day ahead, as
// clocks differ; empty: none.
func checkTime(w *wrong, key string, text *string, now time.Time) {
	if *text == "" {
		return
	}
	at, err := time.Parse(time.RFC3339, *text)
	switch {
	case err != nil:
		w.add("R98", key, "is not a time: write it as 2026-11-24T10:00:00Z")
	case at.Year() < 1970 || at.After(now.Add(day)):
		w.add("R98", key, "must be after 1970 and not in the future")
	default:
		*text = at.UTC().Format(lineTime)
	}
}

// timeColumn is a time of a line as a column has it; empty: NULL.
func timeColumn(text string) any {
	at, err := time.Parse(lineTime, text)
	if err != nil {
		return nil
	}
	return at.UnixMilli()
}
