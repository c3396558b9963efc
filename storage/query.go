package storage

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"patrol/model"
)

// where collects the conditions of a query, and-ed.
type where struct {
	conditions []string
	args       []any

	among     string // a query for the ids of tokens among which all are that fit; empty: not known
	amongArgs []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// holds keeps rows of which one of the columns holds a text, without case.
func (w *where) holds(text string, columns ...string) {
	condition, args := contains(text, columns...)
	w.and(condition, args...)
}

// oneOf keeps rows with one of these numbers, of which there may be any number.
func (w *where) oneOf(column string, ids []int64) {
	if ids == nil {
		ids = []int64{} // nil is null, and no list
	}
	list, err := json.Marshal(ids)
	if err != nil {
		panic(err) // numbers only
	}
	w.and(column+` {in list}`, string(list))
}

// first puts a condition before the others: of several on one column, it is the
// first that tells SQLite where to begin in an index.
func (w *where) first(condition string, args ...any) {
	w.conditions = slices.Insert(w.conditions, 0, condition)
	w.args = slices.Insert(w.args, 0, args...)
}

func (w where) String() string {
	if len(w.conditions) == 0 {
		return "TRUE"
	}
	return strings.Join(w.conditions, " AND ")
}

// sortKey is one column of an order. It is never NULL.
type sortKey struct {
	column     string
	descending bool
	text       bool // its values are texts, of others whole numbers
	noCase     bool // text in an order without case
}

// folded is a column or a value in an order without case.
func (k sortKey) folded(text string) string {
	if k.noCase {
		return "{nocase}" + text + "{/nocase}"
	}
	return text
}

// paged is a query whose rows are given page by page. The last key is unique.
type paged struct {
	with      string // "WITH …"
	args      []any  // of with, columns and from
	columns   string
	from      string
	narrow    string // as many of from's tables as where and keys speak of; empty: all
	id        string // the column by which a page's rows are chosen from the narrow tables, and read only then; empty: read at once
	where     where
	keys      []sortKey
	unindexed []string // columns whose indexes would lead the page away from that of its order; not its count
}

// errCursor answers a Next that this query didn't give.
var errCursor = &model.Reason{Rule: "A34", Text: "The page's cursor is not valid.", Kind: model.ErrInvalid,
	Fields: []model.Field{{Key: "cursor", Text: "is invalid"}}}

// page reads one page. each scans a row and gives the values of its sort keys.
func page[T any](t *tx, p model.Page, q paged, each func(scan func(...any) error) (T, []any, error)) (list model.List[T], err error) {
	limit := p.Limit
	if limit <= 0 {
		limit = 20
	}
	limit = min(limit, model.MaxPage)
	list.Total = -1
	if p.Count {
		if list.Total, err = t.count(q); err != nil {
			return list, err
		}
	}
	w := where{conditions: slices.Clone(q.where.conditions), args: slices.Clone(q.where.args)}
	if p.After != "" {
		if err := afterCursor(&w, q.keys, p.After); err != nil {
			return list, err
		}
	}
	args := slices.Concat(q.args, w.args, []any{limit + 1, p.Offset})
	var last []any
	err = t.rows(q.statement(w), args, func(scan func(...any) error) error {
		if len(list.Rows) == limit { // one more than the page: there is a next one
			list.Next = cursor(last)
			return nil
		}
		row, keys, err := each(scan)
		if err != nil {
			return err
		}
		list.Rows, last = append(list.Rows, row), keys
		return nil
	})
	return list, err
}

// statement reads one page. Where every row must be sorted to find it, choosing
// it first by id saves reading the rest of them all.
func (q paged) statement(w where) string {
	sorted := ` ORDER BY ` + order(q.keys)
	conditions := w.String()
	for _, column := range q.unindexed {
		conditions = strings.ReplaceAll(conditions, column, "{unindexed}"+column) // no index is on an expression
	}
	chosen := conditions + sorted + ` LIMIT ? OFFSET ?`
	if q.id != "" {
		chosen = q.id + ` IN (SELECT ` + q.id + ` FROM ` + q.searched() + ` WHERE ` + chosen + `)` + sorted
	}
	return q.with + ` SELECT ` + q.columns + ` FROM ` + q.from + ` WHERE ` + chosen
}

func (q paged) searched() string {
	if q.narrow != "" {
		return q.narrow
	}
	return q.from
}

// count stops one above CountLimit.
func (t *tx) count(q paged) (int, error) {
	from, which := q.searched(), q.where.String()
	if q.where.among != "" {
		from, which = `(`+q.where.among+`) AS among CROSS JOIN `+from, q.id+` = among.id AND `+which
	}
	n, err := t.int(q.with+` SELECT count(*) FROM (SELECT 1 FROM `+from+` WHERE `+which+` LIMIT ?) AS found`,
		slices.Concat(q.args, q.where.amongArgs, q.where.args, []any{model.CountLimit + 1})...)
	return int(n), err
}

func order(keys []sortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.folded(k.column)
		if k.descending {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", ")
}

// A cursor is the sort keys of a page's last row.
func cursor(keys []any) string {
	text, err := json.Marshal(keys)
	if err != nil {
		panic(err) // numbers and texts only
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// afterCursor keeps the rows that come after a page's last row: (a, b) > (x, y),
// written out where the keys differ in direction.
func afterCursor(w *where, keys []sortKey, after string) error {
	text, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return errCursor
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var values []any
	if err := decoder.Decode(&values); err != nil || len(values) != len(keys) {
		return errCursor
	}
	for i, v := range values {
		if values[i], err = keys[i].value(v); err != nil {
			return errCursor
		}
	}
	var alternatives []string
	var args []any
	for i, k := range keys {
		var all []string
		for j := range i {
			all = append(all, keys[j].compared("="))
		}
		alternatives = append(alternatives, strings.Join(append(all, k.compared(k.after())), " AND "))
		args = append(args, values[:i+1]...)
	}
	// The first key alone, said again, lets an index start at the right place.
	w.first(keys[0].compared(keys[0].after()+"=")+" AND ("+strings.Join(alternatives, " OR ")+")", append([]any{values[0]}, args...)...)
	return nil
}

var errKey = errors.New("not a sort key")

// value is a key's value in a cursor.
func (k sortKey) value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if k.text {
			return v, nil
		}
	case json.Number:
		if !k.text {
			return v.Int64()
		}
	}
	return nil, errKey
}

// compared compares a key with a value to come.
func (k sortKey) compared(operator string) string {
	return k.folded(k.column) + " " + operator + " " + k.folded("?")
}

func (k sortKey) after() string {
	if k.descending {
		return "<"
	}
	return ">"
}

// marks is n question marks for a statement.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
