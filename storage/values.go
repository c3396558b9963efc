package storage

import (
	"fmt"

	"patrol/model"
)

// wrong gathers the values that are wrong, so that all are told at once (R59).
// The rule is that of the first.
type wrong struct {
	rule   string
	fields []model.Field
}

// add notes what is wrong with a value; an empty text: nothing is.
func (w *wrong) add(rule, key, text string) {
	if text == "" {
		return
	}
	if len(w.fields) == 0 {
		w.rule = rule
	}
	w.fields = append(w.fields, model.Field{Key: key, Text: text})
}

func (w *wrong) err() error { return model.Invalid(w.rule, w.fields...) }

// changes are the values that a use case changes, old → new, as the audit log
// shows them.
type changes map[string][2]any

// alter sets a value and notes it, if one was asked for and it is another.
func alter[T comparable](c changes, key string, value *T, asked *T) {
	if asked == nil || *asked == *value {
		return
	}
	c[key] = [2]any{shown(*value), shown(*asked)}
	*value = *asked
}

func shown(v any) any {
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	return v
}
