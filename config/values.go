package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"patrol/keys"
)

// table is what stands under a [name].
func (r *reader) table(given map[string]any, name string) map[string]any {
	table, ok := given[name].(map[string]any)
	if !ok && given[name] != nil {
		r.fail(toml.Key{name}, "%s is a table: write [%s] on a line of its own, and its lines below", name, name)
	}
	return table
}

func (r *reader) word(name string, value any, words []string) string {
	if value == nil {
		return words[0]
	}
	if n, ok := value.(int64); ok { // theme = 16
		value = strconv.FormatInt(n, 10)
	}
	text, ok := value.(string)
	if !ok || !slices.Contains(words, text) {
		r.fail(toml.Key{name}, "%s can't be %s: write %s", name, shown(value), oneOf(words))
	}
	return text
}

func (r *reader) colours(given map[string]any) map[string]string {
	colours := map[string]string{}
	for _, role := range sorted(given) {
		key := toml.Key{"colours", role}
		if !slices.Contains(Roles, role) {
			r.fail(key, "there is no colour %q: use %s", role, strings.Join(Roles, ", "))
			continue
		}
		value := given[role]
		if n, ok := value.(int64); ok {
			value = strconv.FormatInt(n, 10)
		}
		text, _ := value.(string)
		if !isColour(text) {
			r.fail(key, "%s can't be %s: write a colour like \"#c4a7ff\", or a number from 0 to 255", role, shown(given[role]))
		}
		colours[role] = text
	}
	return colours
}

func isColour(text string) bool {
	if hex, ok := strings.CutPrefix(text, "#"); ok {
		_, err := strconv.ParseUint(hex, 16, 32)
		return err == nil && len(hex) == 6
	}
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && n <= 255 && text == strconv.Itoa(n)
}

func (r *reader) keys(given map[string]any) keys.Table {
	chosen := keys.Chosen{}
	for _, action := range sorted(given) {
		list, ok := texts(given[action])
		if !ok {
			r.fail(toml.Key{"keys", action}, "%s can't be %s: write a key like \"x\", or several like [\"x\", \"delete\"]", action, shown(given[action]))
		}
		chosen[keys.Action(action)] = list
	}
	if len(chosen) == 0 || r.err != nil {
		return nil
	}
	table, err := chosen.Table()
	var wrong *keys.Wrong
	if errors.As(err, &wrong) {
		r.fail(toml.Key{"keys", string(wrong.Action)}, "%s", wrong.Text)
	}
	return table
}

// texts is one text or a list of them.
func texts(value any) (list []string, ok bool) {
	if text, ok := value.(string); ok {
		return []string{text}, true
	}
	many, ok := value.([]any)
	for _, one := range many {
		text, isText := one.(string)
		ok = ok && isText
		list = append(list, text)
	}
	return list, ok
}

// maxFilters is how many are offered where filters are.
const maxFilters = 100

func (r *reader) filters(given map[string]any, check func(string) error) (filters []Filter) {
	for i, name := range sorted(given) {
		key := toml.Key{"filters", name}
		line, ok := given[name].(string)
		switch {
		case i >= maxFilters:
			r.fail(key, "there are more than %d filters: take some out", maxFilters)
		case !ok:
			r.fail(key, "the filter %q can't be %s: write a line like \"role:owner idle:>90d\"", name, shown(given[name]))
		case strings.TrimSpace(name) == "":
			r.fail(key, "a filter has no name: give it one")
		default:
			if err := check(line); err != nil {
				r.fail(key, "the filter %q: %s", name, strings.TrimSpace(err.Error()))
			}
		}
		filters = append(filters, Filter{name, line})
	}
	return filters
}

// shown is a value as the file has it.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		if r := []rune(v); len(r) > 40 {
			v = string(r[:40]) + "…"
		}
		return strconv.Quote(v)
	case []any:
		return "that list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprint(value)
}

func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// sorted are the names in a table, so that of two mistakes always the same one
// is told.
func sorted(table map[string]any) []string { return slices.Sorted(maps.Keys(table)) }
