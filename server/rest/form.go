package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"patrol/model"
)

// form reads an endpoint's parameters in the order of its table and gathers
// what is wrong with them: missing, of the wrong type, not allowed (A23).
type form struct {
	params  params
	asked   func(parameter string)
	wrongs  []string
	refused error // beside the form of the parameters: A34's 405
}

func (c *call) form() *form { return &form{params: c.params, asked: c.api.asked} }

// value is a parameter as it came; nil: there is none, or null. Whatever is read
// here stands in operations.
func (f *form) value(key string) any {
	value, _ := f.given(key)
	return value
}

// given is value, and tells null from nothing.
func (f *form) given(key string) (value any, given bool) {
	if f.asked != nil {
		f.asked(key)
	}
	value, given = f.params[key]
	return value, given
}

// err is nil, or A23's answer with all that is wrong in one text.
func (f *form) err() error {
	if f.refused != nil {
		return f.refused
	}
	if len(f.wrongs) == 0 {
		return nil
	}
	return wrong(http.StatusBadRequest, strings.Join(f.wrongs, ", "))
}

func (f *form) missing(key string) { f.wrongs = append(f.wrongs, key+" is missing") }
func (f *form) invalid(key string) { f.wrongs = append(f.wrongs, key+" is invalid") }
func (f *form) notAllowed(key string) {
	f.wrongs = append(f.wrongs, key+" does not have a valid value")
}

// text reads a text; a number or a boolean is one too. ok: it is there.
func (f *form) text(key string) (text string, ok bool) {
	switch v := f.value(key).(type) {
	case nil:
		return "", false
	case string:
		if !utf8.ValidString(v) {
			f.invalid(key)
		}
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	f.invalid(key)
	return "", false
}

// required reads a text that must be there; it may be empty.
func (f *form) required(key string) string {
	text, ok := f.text(key)
	if !ok && f.value(key) == nil {
		f.missing(key)
	}
	return text
}

// optional is nil for a text that isn't there.
func (f *form) optional(key string) *string {
	if text, ok := f.text(key); ok {
		return &text
	}
	return nil
}

// maxSearch is how many bytes a text to look for may have: far more than anything
// that is searched in one go.
const maxSearch = 10_000

// search reads a text to look for; it must be one that can be stored.
func (f *form) search(key string) string {
	text, ok := f.text(key)
	if ok && utf8.ValidString(text) && (!model.ValidText(text) || len(text) > maxSearch) {
		f.invalid(key)
	}
	return text
}

// boolean is nil if there is none, or an empty text. python-gitlab writes True and
// False.
func (f *form) boolean(key string) *bool {
	text, _ := f.text(key)
	switch strings.ToLower(text) {
	case "":
		return nil
	case "true", "1":
		return new(true)
	case "false", "0":
		return new(false)
	}
	f.invalid(key)
	return nil
}

// number reads a whole number; ok: there is one. One that is too large to hold
// is the largest there is.
func (f *form) number(key string) (n int, ok bool) {
	if _, isBool := f.value(key).(bool); isBool {
		f.invalid(key)
		return 0, false
	}
	text, ok := f.text(key)
	if !ok || text == "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		f.invalid(key)
		return 0, false
	}
	return n, true
}

// moment reads a time, or a date as its 00:00 UTC (A3); zero: there is none.
func (f *form) moment(key string) time.Time {
	if f.value(key) == nil || f.value(key) == "" {
		return time.Time{}
	}
	if text, ok := f.value(key).(string); ok {
		if t, ok := parseTime(text); ok {
			return t
		}
	}
	f.invalid(key)
	return time.Time{}
}

// date reads a date, or a time's date in UTC (A3); zero: there is none. What is
// before all that a Date can be is its first day.
func (f *form) date(key string) model.Date {
	t := f.moment(key)
	if t.IsZero() {
		return 0
	}
	return max(model.DateOf(t), 1)
}

// parseTime reads A3's two forms.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return t, t.Year() <= 9999 && !t.IsZero()
		}
	}
	return time.Time{}, false
}

// scopes reads the list of scopes that a token of a kind can have (R52). An
// empty list passes: that is a matter of values.
func (f *form) scopes(key string, kind model.TokenKind) model.Scopes {
	value := f.value(key)
	if value == nil {
		f.missing(key)
		return nil
	}
	list, ok := value.([]any)
	names := make([]string, len(list))
	for i := range list {
		name, isText := list[i].(string)
		names[i], ok = name, ok && isText
	}
	if !ok {
		f.invalid(key)
		return nil
	}
	scopes := model.NewScopes(names)
	if scopes.Unknown(kind) != nil {
		f.notAllowed(key)
	}
	return scopes
}

// scopesOrText is scopes for the endpoints that take a text parted by commas
// as well (A2).
func (f *form) scopesOrText(key string, allowed model.Scopes) model.Scopes {
	if text, ok := f.value(key).(string); ok {
		list := []any{}
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = append(list, name)
			}
		}
		f.params[key] = list
	}
	scopes := f.scopes(key, model.PersonalToken)
	if slices.ContainsFunc(scopes, func(s model.Scope) bool { return !allowed.Has(s) }) && scopes.Unknown(model.PersonalToken) == nil {
		f.notAllowed(key)
	}
	return scopes
}

// id reads a number that names something; 0: there is none, or nothing can have it.
func (f *form) id(key string) int64 {
	n, _ := f.number(key)
	return int64(max(n, 0))
}

// ids reads a list of numbers, also parted by commas; nil: there is none.
func (f *form) ids(key string) []int64 {
	var list []any
	switch v := f.value(key).(type) {
	case nil:
		return nil
	case []any:
		list = v
	case string:
		for part := range strings.SplitSeq(v, ",") {
			list = append(list, part)
		}
	default:
		list = []any{v}
	}
	ids := make([]int64, 0, len(list))
	for _, v := range list {
		inner := form{params: params{key: v}}
		if ids = append(ids, inner.id(key)); len(inner.wrongs) > 0 {
			f.invalid(key)
			return nil
		}
	}
	return ids
}

// list reads a list of texts, also as one text parted by commas.
func (f *form) list(key string) (texts []string) {
	values, ok := f.value(key).([]any)
	if text, isText := f.value(key).(string); isText {
		ok = true
		for part := range strings.SplitSeq(text, ",") {
			values = append(values, strings.TrimSpace(part))
		}
	}
	if !ok && f.value(key) != nil {
		f.invalid(key)
	}
	for _, v := range values {
		text, isText := v.(string)
		if !isText || !utf8.ValidString(text) {
			f.invalid(key)
			return nil
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// role reads one of R9's numbers; NoRole: there is none.
func (f *form) role(key string) model.Role {
	n, ok := f.number(key)
	if ok && !model.Role(n).Valid() {
		f.notAllowed(key)
	}
	return model.Role(n)
}

// is reads a boolean that is false if it isn't there.
func (f *form) is(key string) bool {
	value := f.boolean(key)
	return value != nil && *value
}

// visibility is nil if there is none.
func (f *form) visibility(key string) *model.Visibility {
	text := f.oneOf(key, "private", "internal", "public")
	if v, err := model.ParseVisibility(text); err == nil {
		return &v
	}
	return nil
}

// oneOf reads one of the values; empty: there is none.
func (f *form) oneOf(key string, values ...string) string {
	text, ok := f.text(key)
	if ok && !slices.Contains(values, text) {
		f.notAllowed(key)
	}
	return text
}
