package model

import "testing"

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"deploy":                       "deploy",
		"Größe 日本":                     "Größe 日本",
		"a\tb\r\nc":                    "a b  c",
		"\x1b[31mred":                  "�[31mred",
		"\x1b]52;c;aGk=\a":             "�]52;c;aGk=�",
		"csi \u009b31m":                "csi �31m",
		"right\u202eleft":              "right�left",
		"zero\u200bwidth":              "zero�width",
		"line\u2028paragraph\u2029end": "line�paragraph�end",
		"bad \xff byte":                "bad � byte",
		"nul\x00":                      "nul�",
		"👩\u200d🚀 👍🏽 ❤\ufe0f":          "👩🚀 👍 ❤",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
