package storage

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"patrol/model"
)

// Export writes all that an import reads, as it is at one moment: parents before
// children, each type in the order in which its things were made, and digests
// instead of secrets. What was deleted is left out, with its tokens, but not the
// revoked tokens of what is there. So are values that every database has from
// the start, and the setting url, which belongs to a server.
//
// It is put aside first, in a nameless file: who takes it slowly holds up nobody,
// as the write-ahead log can't be emptied before that moment is over.
func (db *DB) Export(ctx context.Context, a model.Actor, w io.Writer) (err error) {
	aside, err := os.CreateTemp(db.folder, ".export-")
	if err != nil {
		return exportError(err)
	}
	defer aside.Close()
	if err := os.Remove(aside.Name()); err != nil {
		return exportError(err)
	}
	if err := db.export(ctx, a, aside); err != nil {
		return err
	}
	if _, err := aside.Seek(0, io.SeekStart); err != nil {
		return exportError(err)
	}
	_, err = io.Copy(w, aside)
	return err
}

func exportError(err error) error {
	return &model.Reason{Text: fmt.Sprintf("The lines can't be put aside beside the database: %v.", err), Kind: model.ErrUnavailable}
}

func (db *DB) export(ctx context.Context, a model.Actor, w io.Writer) error {
	return db.view(ctx, a, func(t *tx) error {
		if err := t.mayImport(); err != nil {
			return err
		}
		buffer := bufio.NewWriterSize(w, 1<<16)
		lines := newLineWriter(buffer)
		if err := t.exportSettings(lines); err != nil {
			return err
		}
		for _, part := range []struct {
			query string
			scan  func(scan func(...any) error) (line, error)
		}{
			{userLinesSQL + `u.kind = 1 AND u.deleted_at IS NULL ORDER BY u.id`, func(scan func(...any) error) (line, error) {
				l, _, _, err := scanUserLine(scan)
				return l, err
			}},
			{groupLinesSQL + ` ORDER BY g.id`, func(scan func(...any) error) (line, error) { return scanGroupLine(scan) }},
			{projectLinesSQL + ` ORDER BY p.id`, func(scan func(...any) error) (line, error) { return scanProjectLine(scan) }},
			{memberLinesSQL + ` ORDER BY m.id`, func(scan func(...any) error) (line, error) { return scanMemberLine(scan) }},
			{tokenLinesSQL + exportedTokens, func(scan func(...any) error) (line, error) {
				l, _, err := t.scanTokenLine(scan)
				return l, err
			}},
		} {
			if err := t.exportLines(lines, part.query, part.scan); err != nil {
				return err
			}
		}
		return buffer.Flush()
	})
}

// exportedTokens are those whose place, or whose person, is there.
const exportedTokens = `(coalesce(rp.path, rg.path) IS NOT NULL OR t.kind = 'personal' AND u.deleted_at IS NULL) ORDER BY t.id`

func (t *tx) exportLines(to *json.Encoder, query string, read func(scan func(...any) error) (line, error)) error {
	return t.rows(query, nil, func(scan func(...any) error) error {
		l, err := read(scan)
		if err != nil {
			return err
		}
		return to.Encode(l)
	})
}

func (t *tx) exportSettings(to *json.Encoder) error {
	var keys []string
	for _, s := range model.DefaultSettings() {
		if s.Key != model.SettingURL {
			keys = append(keys, s.Key)
		}
	}
	for _, key := range append(keys, model.FeatureName) {
		value, byDefault, err := t.settingNow(key)
		if err != nil {
			return err
		}
		if byDefault {
			continue
		}
		if err := to.Encode(&settingLine{"setting", key, value}); err != nil {
			return err
		}
	}
	return nil
}
