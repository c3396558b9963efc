package storage

import (
	"strings"
)

// bulk inserts rows of one table many at a time: a statement's own cost is then
// shared by all of them.
type bulk struct {
	t       *tx
	into    string // "INSERT INTO tokens (a, b)"
	columns int
	rows    int // how many share a statement
	args    []any
}

const bulkRows = 64

func (t *tx) bulk(into string) *bulk {
	columns := strings.Count(into, ",") + 1
	return &bulk{t: t, into: into, columns: columns, rows: bulkRows, args: make([]any, 0, columns*bulkRows)}
}

// add takes a row, and writes what has gathered once it is enough.
func (b *bulk) add(values ...any) error {
	if b.args = append(b.args, values...); len(b.args) < b.columns*b.rows {
		return nil
	}
	return b.flush()
}

// flush writes what has gathered.
func (b *bulk) flush() error {
	if len(b.args) == 0 {
		return nil
	}
	row := `(` + marks(b.columns) + `)`
	statement := b.into + ` VALUES ` + row + strings.Repeat(`, `+row, len(b.args)/b.columns-1)
	err := b.t.exec(statement, b.args...)
	b.args = b.args[:0]
	return err
}

// dropIndexes takes indexes away and gives the statements that build them again.
func (t *tx) dropIndexes(which string, args ...any) (create []string, err error) {
	var drop []string
	err = t.rows(which, args, func(scan func(...any) error) error {
		var name, sql string
		err := scan(&name, &sql)
		drop, create = append(drop, "DROP INDEX "+name), append(create, sql)
		return err
	})
	for _, statement := range drop {
		if err == nil {
			err = t.exec(statement)
		}
	}
	return create, err
}

const lastIDSQL = `SELECT coalesce((SELECT last FROM {numbers} AS given WHERE name = ?), 0)`
