package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"patrol/model"
)

// The lines of R98: what an import reads and an export writes, one JSON object
// each. A field that is missing, or null, has its zero value.

// line is one of them.
type line interface {
	// check brings the values into the one form in which an export writes them,
	// as far as that needs no database, and tells all that are wrong with them.
	check(now time.Time) error
}

// thing is a line of any type but token.
type thing interface {
	line
	// apply writes it, unless it is there already: then made is false.
	apply(*importing) (made bool, err error)
}

type settingLine struct {
	Type  string `json:"type"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

type userLine struct {
	Type     string   `json:"type"`
	Username string   `json:"username"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"` // missing: username@host
	Admin    bool     `json:"admin,omitempty"`
	Auditor  bool     `json:"auditor,omitempty"`
	External bool     `json:"external,omitempty"`
	Blocked  bool     `json:"blocked,omitempty"`
	SSHKeys  []string `json:"ssh_keys,omitempty"` // as in authorized_keys
}

type groupLine struct {
	Type          string `json:"type"`
	Path          string `json:"path"`
	Name          string `json:"name,omitempty"` // missing: the path's last part
	Description   string `json:"description,omitempty"`
	Visibility    string `json:"visibility,omitempty"`     // missing: private
	Plan          string `json:"plan,omitempty"`           // top-level groups; missing: free
	TokenCreation *bool  `json:"token_creation,omitempty"` // top-level groups; missing: true
}

type projectLine struct {
	Type        string `json:"type"`
	Path        string `json:"path"`
	Name        string `json:"name,omitempty"` // missing: the path's last part
	Description string `json:"description,omitempty"`
	Visibility  string `json:"visibility,omitempty"` // missing: private
	Flag        *bool  `json:"flag,omitempty"`       // its own value of the feature flag (R71)
}

type memberLine struct {
	Type      string `json:"type"`
	Path      string `json:"path"`
	Username  string `json:"username"`
	Role      string `json:"role"`
	ExpiresAt string `json:"expires_at,omitempty"`
}

type tokenLine struct {
	Type        string   `json:"type"`
	Project     string   `json:"project,omitempty"`  // one of these three
	Group       string   `json:"group,omitempty"`    //
	User        string   `json:"user,omitempty"`     //
	Username    string   `json:"username,omitempty"` // the bot's; missing: one is made (R102)
	Name        string   `json:"name"`
	Description *string  `json:"description,omitempty"`
	Scopes      []string `json:"scopes"`
	Role        string   `json:"role,omitempty"`       // the bot's; missing: maintainer
	ExpiresAt   *string  `json:"expires_at"`           // null: R97
	CreatedAt   string   `json:"created_at,omitempty"` // missing: now
	LastUsedAt  string   `json:"last_used_at,omitempty"`
	Revoked     bool     `json:"revoked,omitempty"`
	External    bool     `json:"external,omitempty"` // the bot (R113)
	SHA256      string   `json:"sha256,omitempty"`
	Secret      string   `json:"secret,omitempty"` // check makes the digest of it and forgets it (R142)
}

// lineTypes are the types of lines.
var lineTypes = map[string]func() line{
	"setting": func() line { return new(settingLine) },
	"user":    func() line { return new(userLine) },
	"group":   func() line { return new(groupLine) },
	"project": func() line { return new(projectLine) },
	"member":  func() line { return new(memberLine) },
	"token":   func() line { return new(tokenLine) },
}

// lineFields are the fields of each type of line.
var lineFields = func() map[string]map[string]reflect.Type {
	fields := map[string]map[string]reflect.Type{}
	for name, newLine := range lineTypes {
		fields[name] = map[string]reflect.Type{}
		t := reflect.TypeOf(newLine()).Elem()
		for i := range t.NumField() {
			fields[name][fieldName(t.Field(i))] = t.Field(i).Type
		}
	}
	return fields
}()

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// maxLine is the longest line, in bytes.
const maxLine = 1 << 20

// parseLine reads one line. Its errors repeat nothing of what the line holds
// but the names of fields: a secret may stand anywhere.
func parseLine(text []byte) (line, error) {
	switch {
	case !utf8.Valid(text):
		return nil, badLine("is not valid UTF-8")
	case bytes.HasPrefix(text, []byte("\ufeff")):
		return nil, badLine("begins with a byte order mark: save the file as UTF-8 without one")
	case len(bytes.TrimSpace(text)) == 0:
		return nil, badLine("is empty")
	case bytes.TrimSpace(text)[0] != '{':
		return nil, badJSON(text, badLine("is not a JSON object"))
	}
	o := scanObject(text)
	fields := lineFields[string(o.typ)]
	switch {
	case o.twice != nil:
		return nil, badJSON(text, badLine("has a field twice: %s", shownField(o.twice)))
	case fields == nil:
		return nil, badJSON(text, badLine(`has no type that is known: write "type" and one of user, group, project, member, token, setting`))
	}
	for _, key := range o.keys {
		if fields[string(key)] == nil {
			return nil, badJSON(text, badLine("has a field that a %s has not: %s", o.typ, shownField(key)))
		}
	}
	l := lineTypes[string(o.typ)]()
	if err := json.Unmarshal(text, l); err != nil {
		return nil, badJSON(text, badLine("%s", wrongType(err, fields)))
	}
	return l, nil
}

// badJSON is what is wrong with a line's form or, if that is right, with what
// it holds.
func badJSON(text []byte, otherwise error) error {
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(text, new(any)); {
	case !errors.As(err, &syntax):
		return otherwise
	case syntax.Error() == "unexpected end of JSON input":
		return badLine("is not valid JSON: its end is missing")
	}
	return badLine("is not valid JSON: it breaks at byte %d", syntax.Offset)
}

func badLine(format string, args ...any) error {
	return &model.Reason{Rule: "R98", Text: "it " + fmt.Sprintf(format, args...), Kind: model.ErrInvalid}
}

// wrongType tells which field has a value of the wrong type.
func wrongType(err error, fields map[string]reflect.Type) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return "can't be read"
	}
	name, _, _ := strings.Cut(wrong.Field, ".") // scopes.0
	should := "a text"
	switch t := fields[name]; {
	case t == reflect.TypeFor[bool](), t == reflect.TypeFor[*bool]():
		should = "true or false"
	case t == reflect.TypeFor[[]string]():
		should = "a list of texts"
	}
	return fmt.Sprintf("has a wrong value: %s must be %s", name, should)
}

// shownField is a field's name as an error shows it: what doesn't look like one
// may be anything.
func shownField(key []byte) string {
	if len(key) > 30 || len(bytes.Trim(key, "abcdefghijklmnopqrstuvwxyz_0123456789")) > 0 {
		return "(its name isn't repeated here)"
	}
	return string(key)
}

// object is what parseLine looks at before it reads a line's values:
// encoding/json itself takes the last of two equal fields, and any case.
type object struct {
	keys  [][]byte // as written, escapes and all
	typ   []byte   // the text of the field type
	twice []byte   // a key that is there twice
}

// scanObject looks at the fields of a JSON object. What it finds in a text that
// isn't one means nothing.
func scanObject(text []byte) (o object) {
	depth, wantsKey := 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
			wantsKey = depth == 1
		case '}', ']':
			depth--
		case ',':
			wantsKey = depth == 1
		case '"':
			start := i + 1
			for i = start; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			found := text[start:min(i, len(text))]
			switch {
			case wantsKey:
				if slices.ContainsFunc(o.keys, func(k []byte) bool { return bytes.Equal(k, found) }) {
					o.twice = found
				}
				o.keys = append(o.keys, found)
				wantsKey = false
			case depth == 1 && len(o.keys) > 0 && string(o.keys[len(o.keys)-1]) == "type":
				o.typ = found
			}
		}
	}
	return o
}

// differences are the names of the fields in which two lines of one type differ.
func differences(a, b line) (names []string) {
	va, vb := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			names = append(names, fieldName(va.Type().Field(i)))
		}
	}
	return names
}

// sameAs is nil if a line says exactly what is there; else it is refused (R98).
func sameAs(there, l line, what string) error {
	names := differences(there, l)
	if len(names) == 0 {
		return nil
	}
	return &model.Reason{Rule: "R98", Kind: model.ErrConflict, Text: fmt.Sprintf("%s is there already with another %s", what, strings.Join(names, " and "))}
}
