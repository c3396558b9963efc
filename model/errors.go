package model

import (
	"errors"
	"strings"
)

// What kind of refusal a Reason is, for errors.Is. Doors translate these:
// REST into a status and a body, the console under the field, the command line
// into one line and an exit status.
var (
	ErrUnauthenticated = errors.New("not authenticated")         // no, unknown, expired or revoked credentials
	ErrBlocked         = errors.New("blocked")                   // the token's owner is blocked (R153)
	ErrScope           = errors.New("insufficient scope")        // the token's scopes don't open this door (R60)
	ErrNotFound        = errors.New("not found")                 // also what may not be seen (R35)
	ErrDenied          = errors.New("denied")                    // seen, but not allowed
	ErrConflict        = errors.New("conflict")                  // it is there already, or in the way
	ErrInvalid         = errors.New("invalid")                   // a value is wrong; Fields says which
	ErrReadOnly        = errors.New("read-only")                 // --at, or a file that can't be written (R174)
	ErrBusy            = errors.New("the database is busy")      // nothing was done; try again (A9)
	ErrUnavailable     = errors.New("the database is not there") // closed, vanished, disk full; nothing was done
)

// Reason is the one shape of a refusal, whatever door it comes out of.
type Reason struct {
	Rule   string  // the rule that decided: "R75"
	Text   string  // one sentence for people, the same at every door
	Remedy string  // what would change the answer, or empty
	Kind   error   // one of the sentinels above
	Fields []Field // for ErrInvalid and ErrConflict: every value that is wrong
	Name   string  // of whom or what it was aimed at: the bot whose token can't be revoked (A44); often empty
}

func (r *Reason) Error() string { return r.Text }

func (r *Reason) Unwrap() error { return r.Kind }

// Field is one value that is wrong.
type Field struct {
	Key  string // the parameter: "expires_at"
	Text string // "can't be blank"; together with the label a sentence
}

var labels = map[string]string{
	"expires_at": "Expiration date", "access_level": "Role", "path": "Path", "username": "Username",
}

// String is the field's label and text: "Name can't be blank".
func (f Field) String() string {
	label := labels[f.Key]
	if label == "" && f.Key != "" {
		label = strings.ReplaceAll(strings.ToUpper(f.Key[:1])+f.Key[1:], "_", " ")
	}
	return label + " " + f.Text
}

// Invalid is the Reason for values that are wrong, all of them at once (R59).
// It is nil if there are none.
func Invalid(rule string, fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return invalid(rule, fields)
}

func invalid(rule string, fields []Field) *Reason {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.String()
	}
	return &Reason{Rule: rule, Text: strings.Join(texts, ", "), Kind: ErrInvalid, Fields: fields}
}

// Taken is the Reason for a name or path that exists already.
func Taken(key, text string) error {
	return &Reason{Rule: "R7", Text: text, Kind: ErrConflict, Fields: []Field{{key, "has already been taken"}}}
}

// NotFound is the answer for what isn't there and for what may not be seen, the
// same for both (R35). what is "project", "group", "user", "token", …
func NotFound(what string) error {
	return &Reason{Rule: "R35", Text: "no such " + what + ", or you may not see it", Kind: ErrNotFound}
}
