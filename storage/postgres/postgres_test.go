package postgres

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"patrol/model"
	"patrol/storage"
)

// P1: whatever is wrong with an address, its password isn't in what is said.
func TestAddressKeepsItsPassword(t *testing.T) {
	for _, address := range []string{
		"postgres://mara:geheim@127.0.0.1:1/patrol",
		"postgres://mara:geheim@127.0.0.1:port/patrol",
		"postgres://mara:ge/heim@127.0.0.1/patrol",
		"postgres://mara:ge%zzheim@127.0.0.1/patrol",
		"postgres://mara:geheim@127.0.0.1/patrol?sslmode=sometimes",
		"postgres://mara:geheim@127.0.0.1:1/patrol?connect_timeout=soon",
		"postgres://mara@127.0.0.1:1/patrol?password=geheim",
		"postgres://mara:geheim@no.such.host.invalid/patrol",
	} {
		db, err := Open(t.Context(), address, storage.Options{Repositories: t.TempDir() + "/repositories"})
		if err == nil {
			db.Close()
			t.Fatalf("%s was opened", address)
		}
		if text := err.Error() + Name(address); strings.Contains(text, "heim") || strings.Contains(text, "\n") {
			t.Errorf("%s: %s", address, text)
		}
	}
}

// Marks for values are numbered, but not those in texts.
func TestNumbered(t *testing.T) {
	for from, want := range map[string]string{
		`a = ? AND b = ?`:                    `a = $1 AND b = $2`,
		`a = ?2 OR b = ?1`:                   `a = $2 OR b = $1`,
		`a = ?1 AND b = ?1 LIMIT ? OFFSET ?`: `a = $1 AND b = $1 LIMIT $2 OFFSET $3`,
		`a = '?' AND "b?" = ?`:               `a = '?' AND "b?" = $1`,
		`a LIKE ? ESCAPE '\'`:                `a LIKE $1 ESCAPE '\'`,
		`a = 'it''s ?' AND b=?`:              `a = 'it''s ?' AND b=$1`,
		`no mark`:                            `no mark`,
		`(?, ?), (?, ?)`:                     `($1, $2), ($3, $4)`,
	} {
		if got := numbered(from); got != want {
			t.Errorf("%s: %s, not %s", from, got, want)
		}
	}
}

// What the server or the network says becomes a kind of refusal, and a lost
// connection is known as one.
func TestExplain(t *testing.T) {
	e := &engine{}
	for name, c := range map[string]struct {
		err  error
		kind error
		gone bool
	}{
		"a lock":       {&pgconn.PgError{Code: "55P03", Severity: "ERROR"}, model.ErrBusy, false},
		"a standby":    {&pgconn.PgError{Code: "25006", Severity: "ERROR"}, model.ErrReadOnly, false},
		"a full disk":  {&pgconn.PgError{Code: "53100", Severity: "ERROR"}, model.ErrUnavailable, false},
		"too many":     {&pgconn.PgError{Code: "53300", Severity: "FATAL"}, model.ErrUnavailable, true},
		"a shutdown":   {&pgconn.PgError{Code: "57P01", Severity: "FATAL"}, model.ErrUnavailable, true},
		"its time-out": {&pgconn.PgError{Code: "57014", Severity: "ERROR"}, model.ErrUnavailable, false},
		"no right":     {&pgconn.PgError{Code: "42501", Severity: "ERROR"}, model.ErrUnavailable, false},
		"a cut":        {io.ErrUnexpectedEOF, model.ErrUnavailable, true},
	} {
		if got := e.Explain(c.err); !errors.Is(got, c.kind) || e.Gone(c.err) != c.gone {
			t.Errorf("%s: %v, gone %v", name, got, e.Gone(c.err))
		}
	}
	if refusal := model.NotFound("token"); e.Explain(refusal) != error(refusal) || e.Gone(refusal) {
		t.Error("a refusal of ours is one of the database's")
	}
}
