package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Filter is a parsed filter line, one grammar for console and command line:
//
//	line  = word { blank word }
//	word  = [ "-" ] [ field ":" ] value { "," value }
//	value = text, in which "…" may hold blanks, commas, colons and, doubled, quotes
//
// as in
//
//	role:owner scope:api expires:<30d last-used:>90d,never -name deploy
//
// Words parted by blanks hold together; a minus in front turns one around; the
// values of one word, parted by commas, are alternatives. A word without a
// field is part of the token's name, its place's path or its bot's username,
// without case.
type Filter []Term

// Term is one word of a filter line.
type Term struct {
	Not    bool
	Field  string // one of FilterFields; empty: a plain word
	Values []Value
}

// Value is one alternative of a term. The fields created, expires and last-used
// have exactly one of Days, Date and Never, and idle has Days; all others have
// Text alone.
//
// Days count from today, ahead for expires and back for the others: <30d is
// nearer than that, >30d is farther, 30d is that very day. A Date compares as a
// day: <2026-01-01 is before it. A token has been idle since its last use, or
// since it was made.
type Value struct {
	Compare byte   // '<' or '>' where one was written, else 0
	Text    string // as written, in lower case, without the comparison
	Days    int    // of "30d"; -1: none
	Date    Date   // of "2026-01-01"
	Never   bool   // of "never"
}

// FilterFields are the fields that a term can name.
var FilterFields = []string{"role", "scope", "state", "kind", "project", "group", "bot", "by", "created", "expires", "last-used", "idle", "id"}

// FilterValues are the values of the fields that have a fixed choice of them.
var FilterValues = map[string][]string{
	"role":  lowered(Roles),
	"scope": lowered(PersonalScopes),
	"state": {"active", "expired", "revoked", "inactive", "published"},
	"kind":  {string(ProjectToken), string(GroupToken), string(PersonalToken)},
}

func lowered[T any](list []T) []string {
	names := make([]string, len(list))
	for i, x := range list {
		names[i] = strings.ToLower(fmt.Sprint(x))
	}
	return names
}

// FilterError says what is wrong with a filter line, and where.
type FilterError struct {
	Start, End int    // bytes of the word
	Text       string // `no field "exipres"`
	Suggestion string // "expires", or empty
	Unfinished bool   // what would make it right may still be typed
}

func (e *FilterError) Error() string {
	if e.Suggestion != "" {
		return fmt.Sprintf("%s; %s?", e.Text, e.Suggestion)
	}
	return e.Text
}

// ParseFilter reads a filter line. An empty line is the empty Filter, which
// holds for every token. The error is a *FilterError for the first word that is
// wrong.
func ParseFilter(line string) (Filter, error) {
	var f Filter
	values := 0
	for start := 0; start < len(line); {
		if r, size := utf8.DecodeRuneInString(line[start:]); unicode.IsSpace(r) {
			start += size
			continue
		}
		end := start + untilUnquoted(line[start:], unicode.IsSpace)
		term, err := parseTerm(line[start:end])
		if err != nil {
			err.Start, err.End = start, end
			return nil, err
		}
		f = append(f, term)
		if values += len(term.Values); values > maxFilterValues {
			return nil, &FilterError{Start: start, End: end, Text: fmt.Sprintf("too many values (maximum is %d)", maxFilterValues)}
		}
		start = end
	}
	return f, nil
}

// What a filter line may hold: a store can compare no more.
const (
	maxFilterValues = 200
	maxFilterValue  = 1000 // bytes
)

// CheckSearch refuses a line that is searched for as it stands, in a list whose
// rows don't have the fields of tokens, if it names one of those. rows is what
// the list holds: "projects".
func CheckSearch(line, rows string) error {
	start := 0
	for word := range strings.SplitSeq(line, " ") {
		field, _, named := strings.Cut(strings.TrimPrefix(word, "-"), ":")
		if named && slices.Contains(FilterFields, strings.ToLower(field)) {
			return &FilterError{Start: start, End: start + len(word), Text: fmt.Sprintf("%s have no field %q: only tokens do", rows, field)}
		}
		start += len(word) + 1
	}
	return nil
}

// FilterForm is one form that a filter line can have, and what it means.
type FilterForm struct{ Form, Means string }

// FilterHelp is the grammar in words: for the console's help, the command's and
// docs/filter.md.
func FilterHelp() []FilterForm {
	values := func(field string) string { return strings.Join(FilterValues[field], ", ") }
	return []FilterForm{
		{"word", "part of the token's name, its place's path or its bot's username"},
		{"one two", "both hold"},
		{"a,b", "one of them holds; also behind a field: role:guest,planner"},
		{"-word", "it doesn't hold; also -field:value"},
		{`"two words"`, "quotes keep blanks, commas and colons; a quote inside is doubled"},
		{"role:", values("role")},
		{"scope:", values("scope")},
		{"state:", values("state")},
		{"kind:", values("kind")},
		{"project:", "part of the project's path"},
		{"group:", "the group, and all that is below it"},
		{"bot:", "part of the bot's username"},
		{"by:", "the username of who made it"},
		{"id:", "the token's number"},
		{"expires:", "<30d within 30 days, >30d later, 30d on that very day; <2027-01-01 before it, >2027-01-01 after it"},
		{"created:", "<30d within the last 30 days, >30d longer ago; or a date"},
		{"last-used:", "as created:; or never"},
		{"idle:", ">90d not used for 90 days, and at least that old"},
	}
}

// untilUnquoted is where the first character outside of quotes stands that is
// one of those looked for, or the length of s.
func untilUnquoted(s string, is func(rune) bool) int {
	quoted := false
	for i, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && is(r):
			return i
		}
	}
	return len(s)
}

func parseTerm(word string) (t Term, err *FilterError) {
	switch {
	case !utf8.ValidString(word) || strings.ContainsFunc(word, unwelcome):
		return t, &FilterError{Text: "a word can't hold control characters or direction marks"}
	case strings.Count(word, `"`)%2 != 0:
		return t, &FilterError{Text: "a quote is not closed", Unfinished: true}
	}
	word, t.Not = strings.CutPrefix(word, "-")
	if i := strings.IndexAny(word, `:"`); i >= 0 && word[i] == ':' {
		t.Field, word = strings.ToLower(word[:i]), word[i+1:]
		switch {
		case t.Field == "":
			return t, &FilterError{Text: "no field in front of the colon"}
		case !slices.Contains(FilterFields, t.Field):
			return t, &FilterError{Text: fmt.Sprintf("no field %q", t.Field), Suggestion: nearest(t.Field, FilterFields)}
		}
	}
	for more := true; more; {
		end := untilUnquoted(word, func(r rune) bool { return r == ',' })
		more = end < len(word)
		v, err := parseValue(t.Field, strings.ToLower(unquote(word[:end])))
		if err != nil {
			return t, err
		}
		t.Values = append(t.Values, v)
		word = word[min(end+1, len(word)):]
	}
	return t, nil
}

func parseValue(field, text string) (Value, *FilterError) {
	v := Value{Text: text, Days: -1}
	if text == "" {
		if field == "" {
			return v, &FilterError{Text: "a word is empty", Unfinished: true}
		}
		return v, &FilterError{Text: field + " needs a value", Unfinished: true}
	}
	if len(text) > maxFilterValue {
		return v, &FilterError{Text: fmt.Sprintf("a value is too long (maximum is %d bytes)", maxFilterValue)}
	}
	switch field {
	case "role", "scope", "state", "kind":
		if known := FilterValues[field]; !slices.Contains(known, text) {
			return v, &FilterError{Text: fmt.Sprintf("no %s %s", field, text), Suggestion: nearest(text, known), Unfinished: beginsOneOf(known, text)}
		}
	case "created", "expires", "last-used":
		if !v.parseTime() {
			return v, &FilterError{Text: fmt.Sprintf("%s takes a date, days or never, like <30d or >2026-01-01: not %s", field, text),
				Unfinished: strings.HasPrefix("never", text) || beginsTime(text)}
		}
	case "id":
		if _, ok := ParseID(text); !ok {
			return v, &FilterError{Text: "id takes a token's number: not " + text}
		}
	case "idle":
		if !v.parseTime() || v.Days < 0 {
			return v, &FilterError{Text: fmt.Sprintf("idle takes days, like >90d: not %s", text), Unfinished: !strings.Contains(text, "-") && beginsTime(text)}
		}
	}
	return v, nil
}

func beginsOneOf(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, text) })
}

// beginsTime tells whether a text can become days or a date: "<", ">3", "2026-0".
func beginsTime(text string) bool {
	text = strings.TrimLeft(text, "<>")
	return len(text) < len("2026-01-01") && strings.Trim(text, "0123456789-") == ""
}

// parseTime parts the comparison from the text and reads the rest: never, days
// up to 99999d, or a date.
func (v *Value) parseTime() bool {
	if c := v.Text[0]; c == '<' || c == '>' {
		v.Compare, v.Text = c, v.Text[1:]
	}
	if v.Text == "never" {
		v.Never = true
		return v.Compare == 0
	}
	if digits, ok := strings.CutSuffix(v.Text, "d"); ok {
		n, err := strconv.ParseUint(digits, 10, 32)
		v.Days = int(n)
		return err == nil && n <= 99999
	}
	var err error
	v.Date, err = ParseDate(v.Text)
	return err == nil
}

// unquote takes the quotes off; a doubled one inside quotes stands for itself.
func unquote(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b.WriteByte(s[i])
		case quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			quoted = !quoted
		}
	}
	return b.String()
}

func quote(s string) string {
	if strings.HasPrefix(s, "-") || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,:"`, r) }) {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// String is a line that ParseFilter reads as f.
func (f Filter) String() string {
	var b strings.Builder
	for i, t := range f {
		if i > 0 {
			b.WriteByte(' ')
		}
		if t.Not {
			b.WriteByte('-')
		}
		if t.Field != "" {
			b.WriteString(t.Field + ":")
		}
		for j, v := range t.Values {
			if j > 0 {
				b.WriteByte(',')
			}
			if v.Compare != 0 {
				b.WriteByte(v.Compare)
			}
			b.WriteString(quote(v.Text))
		}
	}
	return b.String()
}
