package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"patrol/model"
)

type row struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

var rowColumns = []column[row]{
	{"ID", func(r row) string { return fmt.Sprint(r.ID) }},
	{"NAME", func(r row) string { return r.Name }},
	{"END", func(row) string { return "." }},
}

// printed is what printList prints of rows that come two a page.
func printed(t *testing.T, asJSON bool, limit int, rows ...row) string {
	t.Helper()
	var out bytes.Buffer
	s := &session{app: &app{out: &out, json: asJSON}}
	fetch := func(p model.Page) (list model.List[row], err error) {
		start := 0
		fmt.Sscan(p.After, &start)
		end := min(start+2, start+p.Limit, len(rows))
		if end < len(rows) {
			list.Next = fmt.Sprint(end)
		}
		list.Rows = rows[start:end]
		return list, nil
	}
	if err := printList(s, limit, rowColumns, func(r row) any { return r }, fetch); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrintList(t *testing.T) {
	rows := []row{{1, "日本"}, {2, "\x1b[31mred\nline"}, {10, "longer than before"}}
	for _, c := range []struct {
		json  bool
		limit int
		rows  []row
		want  string
	}{
		{false, 0, nil, ""},
		{true, 0, nil, "[]\n"},
		{false, 1, rows, "ID  NAME  END\n1   日本  .\n"},
		{false, 0, rows, "ID  NAME           END\n1   日本           .\n2   �[31mred line  .\n10  longer than before  .\n"},
		{true, 0, rows, `[` + "\n" + `{"id":1,"name":"日本"},` + "\n" + `{"id":2,"name":"\u001b[31mred\nline"},` + "\n" + `{"id":10,"name":"longer than before"}` + "\n]\n"},
		{true, 2, rows[:2], `[` + "\n" + `{"id":1,"name":"日本"},` + "\n" + `{"id":2,"name":"\u001b[31mred\nline"}` + "\n]\n"},
	} {
		if got := printed(t, c.json, c.limit, c.rows...); got != c.want {
			t.Errorf("json %v, limit %d:\n%s\nwant\n%s", c.json, c.limit, got, c.want)
		}
	}
}

// Whatever stands in a text, its JSON does nothing to a terminal and means the
// same text to a program.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{"plain", "\x1b]52;c;aGk=\a", "\u009b31m", "a\u202eb", "😀\u200d\U0001F3FB", "<&>", "\x00", "\U000E0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := jsonText(s)
		if model.Clean(text) != text {
			t.Errorf("%q is written as %q", s, text)
		}
		var back string
		if err := json.Unmarshal([]byte(text), &back); err != nil || back != valid(s) {
			t.Errorf("%q came back as %q: %v", s, back, err)
		}
	})
}

// valid is s as JSON can hold it: each byte that is no UTF-8 is the replacement
// character.
func valid(s string) string { return string([]rune(s)) }
