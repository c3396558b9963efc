package rest

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"patrol/model"
)

// A2: arrays and hashes in forms and queries.
func TestFormParams(t *testing.T) {
	for query, want := range map[string]params{
		"a=1&a=2":                      {"a": "2"},
		"a[]=x&a[]=y":                  {"a": []any{"x", "y"}},
		"a[10]=c&a[2]=b&a[0]=a":        {"a": []any{"a", "b", "c"}},
		"a[]=x&a=y":                    {"a": []any{"x"}},
		"a[k]=x":                       {"a": map[string]any{}},
		"a[k]=x&a[]=y":                 {"a": map[string]any{}},
		"a[=x":                         {"a": map[string]any{}},
		"":                             {},
		"private_token=s&%61[%5D=zwei": {"private_token": "s", "a": []any{"zwei"}},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := formParams(values); !reflect.DeepEqual(got, want) {
			t.Errorf("A2: %s: %v", query, got)
		}
	}
}

// A3: what counts as a time and as a date.
func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22":                     "2026-11-22T00:00:00Z",
		"2026-11-22T10:11:12.345Z":       "2026-11-22T10:11:12.345Z",
		"2026-11-22T10:11:12":            "2026-11-22T10:11:12Z",
		"2026-11-22 10:11:12":            "2026-11-22T10:11:12Z",
		"2026-11-22T23:30:00-02:00":      "2026-11-23T01:30:00Z",
		"2026-11-22T10:11:12.345678901Z": "2026-11-22T10:11:12.345678901Z",
		"2026-02-30":                     "",
		"2026-2-3":                       "",
		"tomorrow":                       "",
		"0000-00-00":                     "",
		"1970-01-01":                     "1970-01-01T00:00:00Z",
		"1960-01-01T00:00:00Z":           "1960-01-01T00:00:00Z",
		"9999-12-31T23:59:59-23:00":      "",
		"10000-01-01":                    "",
		"2026-11-22\x00":                 "",
	} {
		got := ""
		if at, ok := parseTime(text); ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("A3: %q: %q, want %q", text, got, want)
		}
	}
}

// A23: every parameter of every kind either reads or is named as wrong, and a
// JSON body and a form say the same.
func FuzzParams(f *testing.F) {
	f.Add("application/json", []byte(`{"name":"a","scopes":["api"],"access_level":30,"expires_at":"2027-01-01"}`))
	f.Add("application/json", []byte(`{"name":{"a":[1]},"scopes":"api","access_level":1e9,"expires_at":12}`))
	f.Add("application/x-www-form-urlencoded", []byte("name=a&scopes[]=api&scopes[1]=read_api&page=-1&per_page=0"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		p, err := bodyParams(contentType, body)
		if err != nil {
			if p != nil {
				t.Fatal("parameters and an error")
			}
			return
		}
		form := &form{params: p}
		query, page := form.tokenQuery()
		if page.Limit < 1 || page.Limit > model.MaxPage || page.Offset < 0 {
			t.Fatalf("page %+v", page)
		}
		name, description := form.required("name"), form.optional("description")
		scopes, role := form.scopes("scopes", model.ProjectToken), form.role("access_level")
		form.date("expires_at")
		if form.err() != nil {
			return
		}
		if !utf8.ValidString(name) || description != nil && !utf8.ValidString(*description) || !model.ValidText(query.Search) {
			t.Fatal("a text that can't be stored")
		}
		if scopes.Unknown(model.ProjectToken) != nil || role != model.NoRole && !role.Valid() {
			t.Fatalf("scopes %v, role %d", scopes, role)
		}
	})
}

// What is written as JSON reads back as the same text.
func FuzzJSONText(f *testing.F) {
	f.Add("a\"\\\n\x00\x1f\u2028é😀\xff<&>")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendText(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Fatalf("%q: %q, %v", s, back, err)
		}
	})
}

// A text that is longer than any that is stored, and more numbers than a
