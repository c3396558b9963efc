package model

import (
	"strings"
	"testing"
)

const (
	blank     = "can't be blank"
	tooLong   = "is too long (maximum is 255 characters)"
	unwanted  = "can't contain control characters or direction marks"
	notUTF8   = "is not valid UTF-8"
	wrongPath = "can contain only letters, digits, '_', '-' and '.', cannot start with '-' or '.', and cannot end in '.', '.git' or '.atom'"
)

// directionMarks are those of R50.
const directionMarks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// R50: token names, and full names of people, which may be blank.
func TestR50(t *testing.T) {
	long := strings.Repeat("ä", 255)
	for s, want := range map[string][2]string{
		"deploy":                   {"deploy", ""},
		"  deploy to staging\t\n":  {"deploy to staging", ""},
		"\u2003\u00a0Ünïcødé 漢字 🚀": {"Ünïcødé 漢字 🚀", ""},
		`"quoted" <b>&amp;</b>`:    {`"quoted" <b>&amp;</b>`, ""},
		long:                       {long, ""},
		" " + long + " ":           {long, ""},
		long + "x":                 {long + "x", tooLong},
		"":                         {"", blank},
		" \t\r\n\u2028\u3000":      {"", blank},
		"a\x00b":                   {"a\x00b", unwanted},
		"\x00":                     {"\x00", unwanted},
		"a\nb":                     {"a\nb", unwanted},
		"\x1b[31mred\x1b[0m":       {"\x1b[31mred\x1b[0m", unwanted},
		"\x1b]0;title\a":           {"\x1b]0;title\a", unwanted},
		"a\x7f":                    {"a\x7f", unwanted},
		"a\u009b31m":               {"a\u009b31m", unwanted},
		"a\xffb":                   {"a\xffb", notUTF8},
	} {
		if name, wrong := CleanName(s, false); name != want[0] || wrong != want[1] {
			t.Errorf("R50: %q: %q, %q", s, name, wrong)
		}
	}
	for _, mark := range directionMarks {
		if _, wrong := CleanName("a"+string(mark)+"b", false); wrong != unwanted {
			t.Errorf("R50: %U: %q", mark, wrong)
		}
	}
	if name, wrong := CleanName(" ", true); name != "" || wrong != "" {
		t.Errorf("R50: a full name isn't required: %q, %q", name, wrong)
	}
}

// R51: descriptions may be empty and have lines.
func TestR51(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "two\r\nlines\tand a tab": "", strings.Repeat("漢", 255): "", strings.Repeat("漢", 256): tooLong,
		"\x00": unwanted, "\x1b[2J": unwanted, "\u202egpj.exe": unwanted, "\xc3": notUTF8,
	} {
		if wrong := CheckDescription(s); wrong != want {
			t.Errorf("R51: %q: %q", s, wrong)
		}
	}
}

// R7: parts of paths, and usernames by the same characters.
func TestR7(t *testing.T) {
	long := strings.Repeat("a", 255)
	for _, s := range []string{"web", "W_e-b.2", "_", "a..b", "git", "x.gitx", "1a", long} {
		if wrong := CheckPathPart(s, true) + CheckUsername(s); wrong != "" {
			t.Errorf("R7: %q: %s", s, wrong)
		}
	}
	for s, want := range map[string]string{
		"": blank, long + "a": tooLong, strings.Repeat("a", 100_000): tooLong,
		"-a": wrongPath, ".a": wrongPath, "a.": wrongPath, ".": wrongPath, "..": wrongPath, "%2e%2e": wrongPath,
		"a.git": wrongPath, "a.GIT": wrongPath, "a.git.git": wrongPath, ".git": wrongPath, "a.atom": wrongPath, "a.Atom": wrongPath,
		"a b": wrongPath, " ": wrongPath, "a/b": wrongPath, `a\b`: wrongPath, "ä": wrongPath, "a\n": wrongPath, "\na": wrongPath,
		"a\x00": wrongPath, "a\x1b[0m": wrongPath, "a\u202eb": wrongPath, "a\xff": wrongPath, "a?": wrongPath, "a:b": wrongPath,
	} {
		if wrong := CheckPathPart(s, false); wrong != want {
			t.Errorf("R7: path %.20q: %q", s, wrong)
		}
		if wrong := CheckUsername(s); wrong != want {
			t.Errorf("R7: username %.20q: %q", s, wrong)
		}
	}
	for _, s := range []string{"api", "API", "jwt", "auth", "Ghost", "v2", "123", "0"} {
		if CheckPathPart(s, true) == "" || CheckPathPart(s, false) != "" {
			t.Errorf("R7: %q is reserved at top level only", s)
		}
	}
	for _, s := range []string{"ghost", "GHOST", "project_1_bot", "Project_1_Bot2", "project_7_bot_5f2c81d09a3be647", "group_x_bot_y"} {
		if !strings.HasPrefix(CheckUsername(s), "is reserved") {
			t.Errorf("R7: a person can't be %q", s)
		}
	}
}

func TestCheckEmail(t *testing.T) {
	for s, ok := range map[string]bool{
		"mara@acme.test": true, "a@b": true, "ä@ö.test": true,
		"": false, "mara": false, "@b": false, "a@": false, "a@b@c": false, "a b@c": false, "a@b\n": false,
		"a\x00@b": false, "a@b\x1b": false, "a\u202e@b": false, "a@\xff": false, strings.Repeat("a", 254) + "@b": false,
	} {
		if wrong := CheckEmail(s); (wrong == "") != ok {
			t.Errorf("%.40q: %q", s, wrong)
		}
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]int64{
		"1": 1, "007": 7, "999999999999999999": 999_999_999_999_999_999,
		"": 0, "0": 0, "-1": 0, "+1": 0, " 1": 0, "1a": 0, "1.0": 0, "1e3": 0, "١": 0, "9999999999999999999": 0,
	} {
		if id, ok := ParseID(s); id*b2i(ok) != want || ok != (want > 0) {
			t.Errorf("%q: %d, %t", s, id, ok)
		}
	}
	if r := ProjectRef("acme/web"); r != (Ref{Kind: ProjectPlace, Path: "acme/web"}) {
		t.Error(r)
	}
	if r := GroupRef("12"); r != (Ref{Kind: GroupPlace, ID: 12}) { // A4
		t.Error(r)
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestSplitPath(t *testing.T) {
	for full, want := range map[string][2]string{"a/b/c": {"a/b", "c"}, "a": {"", "a"}, "": {"", ""}, "a/": {"a", ""}} {
		if parent, last := SplitPath(full); parent != want[0] || last != want[1] {
			t.Errorf("%q: %q, %q", full, parent, last)
		}
	}
}
