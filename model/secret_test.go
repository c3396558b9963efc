package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"text/template"
)

const plain = "glpat-Zq9_xY-0123456789ab"

// leaks tells whether an output holds the secret, or enough of it, in any of
// the forms that fmt knows.
func leaks(out string) bool {
	lower := strings.ToLower(out)
	for _, part := range []string{plain, "Zq9_xY", "0123456789ab"} {
		var numbers strings.Builder
		for _, b := range []byte(part) {
			fmt.Fprintf(&numbers, "%d ", b)
		}
		for _, form := range []string{part, hex.EncodeToString([]byte(part)), strings.TrimSpace(numbers.String()), fmt.Sprintf("% x", part)} {
			if strings.Contains(lower, strings.ToLower(form)) {
				return true
			}
		}
	}
	return false
}

// R143: whatever prints a secret, alone or inside of something, hides it.
func TestSecretHides(t *testing.T) {
	secret := NewSecret(plain)
	type exported struct{ Secret Secret }
	type unexported struct{ secret Secret }
	type nested struct{ secrets map[string]Secret }
	values := map[string]any{
		"value":            secret,
		"pointer":          &secret,
		"slice":            []Secret{secret},
		"array":            [1]Secret{secret},
		"map":              map[string]Secret{"a": secret},
		"interface":        []any{secret, &secret},
		"wrapped error":    fmt.Errorf("denied %v: %w", secret, errors.New("no")),
		"exported field":   exported{secret},
		"unexported field": unexported{secret},
		"pointer to field": &unexported{secret},
		"map in a field":   nested{map[string]Secret{"a": secret}},
		"issued token":     IssuedToken{Secret: secret},
		"empty":            Secret{},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			check := func(how, out string) {
				if leaks(out) {
					t.Errorf("R143: %s: %s", how, out)
				}
			}
			for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
				for _, flags := range []string{"", "+", "#", "-", " ", "0", "40", ".3"} {
					check("%"+flags+string(verb), fmt.Sprintf("%"+flags+string(verb), value))
				}
			}
			check("Print", fmt.Sprint(value))
			check("error", fmt.Errorf("x: %v", value).Error())
			if out, err := json.Marshal(value); err == nil {
				check("JSON", string(out))
			}
			if out, err := xml.Marshal(value); err == nil {
				check("XML", string(out))
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", value, slog.Group("g", "v", value))
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", value, slog.Group("g", "v", value))
			check("slog", log.String())
			var page bytes.Buffer
			if err := template.Must(template.New("").Parse(`{{.}} {{printf "%s %#v" . .}}`)).Execute(&page, value); err != nil {
				t.Error(err)
			}
			check("template", page.String())
		})
	}
}

// Hidden is not blank: one sees that something is there.
func TestSecretShowsHidden(t *testing.T) {
	secret := NewSecret(plain)
	out, err := json.Marshal(map[string]Secret{"token": secret})
	if err != nil || string(out) != `{"token":"[hidden]"}` {
		t.Errorf("%s, %v", out, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb+verb, secret, secret.Digest()); got != "[hidden][hidden]" {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if secret.Reveal() != plain {
		t.Error("Reveal gives another text")
	}
	if !(Secret{}).Empty() || !NewSecret("").Empty() || secret.Empty() {
		t.Error("Empty")
	}
}

// R140, R141: the prefix and 20 characters of the alphabet, all of which occur.
func TestMakeSecret(t *testing.T) {
	used := map[rune]bool{}
	seen := map[string]bool{}
	for _, prefix := range []string{"", "glpat-", "glrt-", "a_+=/@:.-0123456789x"} {
		form := regexp.MustCompile(`^` + regexp.QuoteMeta(prefix) + `[A-Za-z0-9_-]{20}$`)
		for range 1000 {
			text := MakeSecret(prefix).Reveal()
			if !form.MatchString(text) || seen[text] {
				t.Fatalf("R140: %q", text)
			}
			seen[text] = true
			for _, r := range text[len(prefix):] {
				used[r] = true
			}
		}
	}
	if len(used) != 64 {
		t.Errorf("R140: %d characters of 64 occur", len(used))
	}
}

// R142, R144: SHA-256 of the whole secret, prefix included and with regard to case.
func TestDigest(t *testing.T) {
	if NewSecret(plain).Digest() != Digest(sha256.Sum256([]byte(plain))) {
		t.Error("R142")
	}
	for _, other := range []string{strings.ToUpper(plain), strings.TrimPrefix(plain, "glpat-"), plain + " ", ""} {
		if NewSecret(other).Digest() == NewSecret(plain).Digest() {
			t.Errorf("R144: %q", other)
		}
	}
}
