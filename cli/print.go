package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/charmbracelet/x/ansi"

	"patrol/model"
)

// column is one column of a table: its title, and what stands in it for a row.
type column[T any] struct {
	title string
	cell  func(T) string
}

// printList prints rows page by page, so that a list of any length takes the
// memory of one page: as an aligned table, or with --json as an array of what
// shape makes of the rows. limit is the most rows; 0: all.
func printList[T any](s *session, limit int, columns []column[T], shape func(T) any, fetch func(model.Page) (model.List[T], error)) error {
	w := bufio.NewWriter(s.out)
	print := tablePrinter(w, columns)
	if s.json {
		print = arrayPrinter(w, shape)
	}
	page := model.Page{Limit: model.MaxPage}
	printed := 0
	for {
		if limit > 0 {
			page.Limit = min(model.MaxPage, limit-printed)
		}
		list, err := fetch(page)
		if err != nil {
			return err
		}
		printed += len(list.Rows)
		last := list.Next == "" || printed == limit
		print(list.Rows, last)
		if err := w.Flush(); err != nil || last {
			return err
		}
		page.After = list.Next
	}
}

// tablePrinter prints pages of a table. The columns are as wide as what was
// printed so far needs; nothing is cut off.
func tablePrinter[T any](w io.Writer, columns []column[T]) func([]T, bool) {
	titles := make([]string, len(columns))
	widths := make([]int, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	begun := false
	return func(rows []T, _ bool) {
		var lines [][]string
		if !begun && len(rows) > 0 {
			begun = true
			lines = append(lines, titles)
		}
		for _, row := range rows {
			cells := make([]string, len(columns))
			for i, c := range columns {
				cells[i] = model.Clean(c.cell(row))
			}
			lines = append(lines, cells)
		}
		for _, cells := range lines {
			for i, cell := range cells {
				widths[i] = max(widths[i], ansi.StringWidth(cell))
			}
		}
		for _, cells := range lines {
			fmt.Fprintln(w, alignLine(cells, widths))
		}
	}
}

// alignLine joins cells, each as wide as its column, without blanks at the end.
func alignLine(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(cell))))
	}
	return strings.TrimRight(b.String(), " ")
}

// arrayPrinter prints pages of one JSON array, a row a line.
func arrayPrinter[T any](w io.Writer, shape func(T) any) func([]T, bool) {
	before := "["
	return func(rows []T, last bool) {
		for _, row := range rows {
			fmt.Fprint(w, before, "\n", jsonText(shape(row)))
			before = ","
		}
		if !last {
			return
		}
		if before == "[" {
			fmt.Fprint(w, before)
		} else {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, "]")
	}
}

// whole is the fetch of a list that comes in one piece.
func whole[T any](rows []T, err error) func(model.Page) (model.List[T], error) {
	return func(model.Page) (model.List[T], error) { return model.List[T]{Rows: rows}, err }
}

// field is one line of what a command shows of a single thing.
type field struct{ label, text string }

// printFields prints one thing: a line a field, those without text left out; or
// with --json the object.
func (s *session) printFields(object any, fields ...field) error {
	if s.json {
		return s.printObject(object)
	}
	width := 0
	for _, f := range fields {
		width = max(width, ansi.StringWidth(f.label))
	}
	var b strings.Builder
	for _, f := range fields {
		if f.text != "" {
			fmt.Fprintln(&b, alignLine([]string{f.label, model.Clean(f.text)}, []int{width, 0}))
		}
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// printDone prints what was done as one line, or with --json the object that it
// was done to.
func (s *session) printDone(object any, format string, args ...any) error {
	if s.json {
		return s.printObject(object)
	}
	_, err := fmt.Fprintln(s.out, model.Clean(fmt.Sprintf(format, args...)))
	return err
}

func (s *session) printObject(object any) error {
	_, err := fmt.Fprintln(s.out, jsonText(object))
	return err
}

// jsonText is v as JSON in one line. What a terminal would obey, or what turns
// the direction of text around, is written as an escape: the text stays the
// same to a program and does nothing on a screen.
func jsonText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // the shapes are structs of texts and numbers
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if model.Clean(text) == text {
		return text
	}
	b.Reset()
	for _, r := range text {
		if model.Clean(string(r)) == string(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// moment is a time for people, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// onOff is a switch's value as commands take it.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// note tells people something that is no result.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.err, model.Clean(fmt.Sprintf(format, args...)))
}
