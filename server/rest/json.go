package rest

import (
	"strconv"
	"time"
	"unicode/utf8"

	"patrol/model"
)

// object builds one JSON object, field by field in the order of the calls. The
// fields of the contract are always all there, so nothing is left out by itself.
type object struct{ b []byte }

func (o *object) key(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

// end closes the object and gives its text.
func (o *object) end() []byte {
	if len(o.b) == 0 {
		return []byte("{}")
	}
	return append(o.b, '}')
}

func (o *object) raw(name string, value []byte) {
	o.key(name)
	o.b = append(o.b, value...)
}

func (o *object) null(names ...string) {
	for _, name := range names {
		o.key(name)
		o.b = append(o.b, "null"...)
	}
}

func (o *object) text(name, value string) {
	o.key(name)
	o.b = appendText(o.b, value)
}

// textOrNull is null for an empty text.
func (o *object) textOrNull(name, value string) {
	if value == "" {
		o.null(name)
		return
	}
	o.text(name, value)
}

// optional is null for no text at all.
func (o *object) optional(name string, value *string) {
	if value == nil {
		o.null(name)
		return
	}
	o.text(name, *value)
}

// object writes an object as a field.
func (o *object) object(name string, write func(*object)) {
	var inner object
	write(&inner)
	o.raw(name, inner.end())
}

// inside writes a row as a field.
func inside[T any](o *object, name string, row *T, write func(*object, *T)) {
	o.object(name, func(inner *object) { write(inner, row) })
}

// objects writes a list of objects as a field.
func objects[T any](o *object, name string, rows []T, write func(*object, *T)) {
	o.key(name)
	o.b = appendObjects(o.b, rows, write)
}

func appendObjects[T any](b []byte, rows []T, write func(*object, *T)) []byte {
	b = append(b, '[')
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		var o object
		write(&o, &rows[i])
		b = append(b, o.end()...)
	}
	return append(b, ']')
}

func (o *object) texts(name string, values []string) {
	o.key(name)
	o.b = appendTexts(o.b, values)
}

func (o *object) number(name string, value int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

// numberOrNull is null for 0: no id is.
func (o *object) numberOrNull(name string, value int64) {
	if value == 0 {
		o.null(name)
		return
	}
	o.number(name, value)
}

func (o *object) boolean(name string, value bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, value)
}

// time is ISO 8601 in UTC with milliseconds (A3), null for the zero time.
func (o *object) time(name string, t time.Time) {
	if t.IsZero() {
		o.null(name)
		return
	}
	o.key(name)
	t = t.UTC()
	hour, minute, second := t.Clock()
	o.b = append(o.b, '"')
	o.b = appendDay(o.b, t)
	o.b = append(o.b, 'T')
	o.b = appendDigits(o.b, hour, 2)
	o.b = append(o.b, ':')
	o.b = appendDigits(o.b, minute, 2)
	o.b = append(o.b, ':')
	o.b = appendDigits(o.b, second, 2)
	o.b = append(o.b, '.')
	o.b = appendDigits(o.b, t.Nanosecond()/1e6, 3)
	o.b = append(o.b, 'Z', '"')
}

// date is YYYY-MM-DD, null for no date.
func (o *object) date(name string, d model.Date) {
	if d == 0 {
		o.null(name)
		return
	}
	o.key(name)
	o.b = append(o.b, '"')
	o.b = appendDay(o.b, d.Time())
	o.b = append(o.b, '"')
}

// appendDay appends YYYY-MM-DD. A time's own Format costs several times as much.
func appendDay(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	b = append(appendDigits(b, year, 4), '-')
	b = append(appendDigits(b, int(month), 2), '-')
	return appendDigits(b, day, 2)
}

// appendDigits appends the last digits of n.
func appendDigits(b []byte, n, digits int) []byte {
	b = append(b, "0000"[:digits]...)
	for i := len(b) - 1; i >= len(b)-digits; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

func appendTexts[T ~string](b []byte, values []T) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, string(v))
	}
	return append(b, ']')
}

// appendText appends s as a JSON text. What isn't UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	plain := 0 // s[plain:i] needs no escape
	for i := 0; i < len(s); {
		ch := s[i]
		if ch < utf8.RuneSelf {
			if ch >= ' ' && ch != '"' && ch != '\\' {
				i++
				continue
			}
			b = append(b, s[plain:i]...)
			switch ch {
			case '"', '\\':
				b = append(b, '\\', ch)
			case '\n':
				b = append(b, '\\', 'n')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[ch>>4], hexDigits[ch&15])
			}
			i++
			plain = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, s[plain:i]...)
			b = append(b, `\ufffd`...)
			plain = i + size
		case r == 0x2028, r == 0x2029: // line ends in JavaScript
			b = append(b, s[plain:i]...)
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&15])
			plain = i + size
		}
		i += size
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}
