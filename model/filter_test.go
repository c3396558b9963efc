package model

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"
)

func TestFilter(t *testing.T) {
	text := func(s string) Value { return Value{Text: s, Days: -1} }
	for line, want := range map[string]Filter{
		"":                    nil,
		" \t ":                nil,
		"deploy":              {{Values: []Value{text("deploy")}}},
		"Role:OWNER":          {{Field: "role", Values: []Value{text("owner")}}},
		"-state:revoked":      {{Not: true, Field: "state", Values: []Value{text("revoked")}}},
		"scope:api,read_user": {{Field: "scope", Values: []Value{text("api"), text("read_user")}}},
		"project:acme/web":    {{Field: "project", Values: []Value{text("acme/web")}}},
		"by:a:b":              {{Field: "by", Values: []Value{text("a:b")}}},
		"web,dns":             {{Values: []Value{text("web"), text("dns")}}},
		`"deploy to, say: x"`: {{Values: []Value{text("deploy to, say: x")}}},
		`-"-x" -y`:            {{Not: true, Values: []Value{text("-x")}}, {Not: true, Values: []Value{text("y")}}},
		`bot:"a ""b"" c",d`:   {{Field: "bot", Values: []Value{text(`a "b" c`), text("d")}}},
		"expires:<30d": {{Field: "expires", Values: []Value{
			{Compare: '<', Text: "30d", Days: 30}}}},
		"last-used:>90d,never": {{Field: "last-used", Values: []Value{
			{Compare: '>', Text: "90d", Days: 90}, {Text: "never", Days: -1, Never: true}}}},
		"created:>2026-01-01 ÜBER": {
			{Field: "created", Values: []Value{{Compare: '>', Text: "2026-01-01", Days: -1, Date: 20454}}},
			{Values: []Value{text("über")}}},
	} {
		got, err := ParseFilter(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v, %v, want %#v", line, got, err, want)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []struct {
		line, word, text string
	}{
		{"role:owner exipres:<30d", "exipres:<30d", "no field \"exipres\"; expires?"},
		{"x -rol:guest y", "-rol:guest", "no field \"rol\"; role?"},
		{"http://x", "http://x", "no field \"http\""},
		{":x", ":x", "no field in front of the colon"},
		{"role:ownr", "role:ownr", "no role ownr; owner?"},
		{"role:40", "role:40", "no role 40"},
		{"scope:readapi", "scope:readapi", "no scope readapi; read_api?"},
		{"state:dead", "state:dead", "no state dead"},
		{"kind:grup", "kind:grup", "no kind grup; group?"},
		{"ä kind:", "kind:", "kind needs a value"},
		{"scope:api,", "scope:api,", "scope needs a value"},
		{"-", "-", "a word is empty"},
		{`a,,b`, "a,,b", "a word is empty"},
		{`""`, `""`, "a word is empty"},
		{`a "b c`, `"b c`, "a quote is not closed"},
		{"a\x1b[2J", "a\x1b[2J", "a word can't hold control characters or direction marks"},
		{"a\x00", "a\x00", "a word can't hold control characters or direction marks"},
		{"a\u202eb", "a\u202eb", "a word can't hold control characters or direction marks"},
		{"a\xff", "a\xff", "a word can't hold control characters or direction marks"},
		{"expires:soon", "expires:soon", "expires takes a date, days or never, like <30d or >2026-01-01: not soon"},
		{"expires:2026-02-30", "expires:2026-02-30", "expires takes a date, days or never, like <30d or >2026-01-01: not 2026-02-30"},
		{"created:<never", "created:<never", "created takes a date, days or never, like <30d or >2026-01-01: not <never"},
		{"created:<", "created:<", "created takes a date, days or never, like <30d or >2026-01-01: not <"},
		{"created:-3d", "created:-3d", "created takes a date, days or never, like <30d or >2026-01-01: not -3d"},
		{"id:x", "id:x", "id takes a token's number: not x"},
		{"idle:never", "idle:never", "idle takes days, like >90d: not never"},
		{"idle:>2026-01-01", "idle:>2026-01-01", "idle takes days, like >90d: not >2026-01-01"},
		{"created:100000d", "created:100000d", "created takes a date, days or never, like <30d or >2026-01-01: not 100000d"},
	} {
		f, err := ParseFilter(c.line)
		var wrong *FilterError
		if !errors.As(err, &wrong) || f != nil {
			t.Errorf("%q: %v, %v", c.line, f, err)
		} else if c.line[wrong.Start:wrong.End] != c.word || wrong.Error() != c.text {
			t.Errorf("%q: at %q: %v", c.line, c.line[wrong.Start:wrong.End], wrong)
		}
	}
}

// A line that is being typed is unfinished as long as more can make it right.
func TestUnfinishedFilter(t *testing.T) {
	for _, line := range []string{"role:owner scope:read_registry,api", "-state:expired", "expires:<30d", "created:>2026-01-01,never", "idle:>90d", `-"a b"`} {
		for n := range len(line) {
			var wrong *FilterError
			if _, err := ParseFilter(line[:n]); errors.As(err, &wrong) && !wrong.Unfinished {
				t.Errorf("%q: %v", line[:n], err)
			}
		}
	}
	for _, line := range []string{"role:x", "nofield:", "expires:x", "expires:2026-02-30", "idle:2026-", "idle:n"} {
		var wrong *FilterError
		if _, err := ParseFilter(line); !errors.As(err, &wrong) || wrong.Unfinished {
			t.Errorf("%q: %+v", line, wrong)
		}
	}
}

// A list of other rows names the fields that it hasn't got.
func TestCheckSearch(t *testing.T) {
	var wrong *FilterError
	if err := CheckSearch("acme -Role:owner", "projects"); !errors.As(err, &wrong) || wrong.Start != 5 || wrong.Error() != `projects have no field "Role": only tokens do` {
		t.Errorf("%+v", wrong)
	}
	for _, line := range []string{"", "acme/web", "a:b", "http://x", "role"} {
		if err := CheckSearch(line, "projects"); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// Every field and value that is offered is read.
func TestFilterFields(t *testing.T) {
	for _, field := range FilterFields {
		values := FilterValues[field]
		if values == nil {
			values = []string{"2026-01-01"}
		}
		if field == "idle" {
			values = []string{">90d", "<7d", "0d"}
		}
		if field == "id" {
			values = []string{"1", "41"}
		}
		for _, v := range values {
			if _, err := ParseFilter(field + ":" + v); err != nil {
				t.Error(err)
			}
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, line := range []string{
		"", "role:owner scope:api expires:<30d last-used:>90d,never -name deploy", `-"a ""b, c" by:x:"y z"`,
		"exipres:<30d", `"`, "--x", "a,,b", "İ K ſ", "created:>2026-01-01,<7d", "project:<x", "\u00a0a\u2003b",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		parsed, err := ParseFilter(line)
		if err != nil {
			var wrong *FilterError
			if !errors.As(err, &wrong) || wrong.Start < 0 || wrong.Start >= wrong.End || wrong.End > len(line) {
				t.Fatalf("%q: %#v", line, err)
			}
			return
		}
		again, err := ParseFilter(parsed.String())
		if err != nil || !reflect.DeepEqual(parsed, again) {
			t.Fatalf("%q prints as %q: %#v, then %#v, %v", line, parsed.String(), parsed, again, err)
		}
	})
}

// Printing and reading again relies on it.
func TestLowerCaseStays(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if once := strings.ToLower(string(r)); once != strings.ToLower(once) {
			t.Errorf("%U: %q, %q", r, once, strings.ToLower(once))
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{
		"exipres": "expires", "lastused": "last-used", "creatd": "created", "proejct": "project", "rloe": "role",
		"b": "by", "foo": "", "": "", "name": "", strings.Repeat("e", 100000): "",
	} {
		if got := nearest(word, FilterFields); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

// A line that no store could compare is refused.
func TestFilterBounds(t *testing.T) {
	for line, want := range map[string]string{
		strings.Repeat("a,", maxFilterValues) + "a": "too many values",
		strings.Repeat("a ", maxFilterValues) + "a": "too many values",
		strings.Repeat("a", maxFilterValue+1):       "a value is too long",
		strings.Repeat("a ", maxFilterValues):       "",
	} {
		_, err := ParseFilter(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q…: %v", line, err)
		}
	}
}
