package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"patrol/model"
	"patrol/storage"
)

// openError is one line on why a database can't be opened.
func (e *engine) openError(err error) error {
	var newer *storage.NewerSchema
	var old *oldServer
	switch {
	case errors.As(err, &newer):
		return fmt.Errorf("the database %s was written by a newer patrol (schema %d, this one knows %d): use that version", e.name, newer.Found, migrations.Version())
	case errors.As(err, &old):
		return fmt.Errorf("the server of %s is PostgreSQL %s: version %d or newer is needed (P2)", e.name, old.version, oldestServer)
	case errors.Is(err, storage.ErrOlder):
		return fmt.Errorf("the database %s must be brought up to date first: open it once without --at, where it can be written", e.name)
	}
	remedy := ""
	switch code := code(err); {
	case code == pgerrcode.InvalidPassword || code == pgerrcode.InvalidAuthorizationSpecification:
		remedy = ": check the user, the password (PGPASSFILE) and the server's pg_hba.conf"
	case code == pgerrcode.InvalidCatalogName:
		remedy = ": make it with createdb"
	case code == pgerrcode.InsufficientPrivilege:
		remedy = fmt.Sprintf(": as its owner, GRANT CREATE, CONNECT ON DATABASE %s TO %s", e.config.Database, e.config.User)
	case code == "":
		return fmt.Errorf("the database %s can't be reached: %s", e.name, e.why(err))
	}
	return fmt.Errorf("cannot open the database %s: %s%s", e.name, e.why(err), remedy)
}

// why is the innermost reason. What is around it names the user and the
// database's address.
func (e *engine) why(err error) string {
	if p := pgError(err); p != nil {
		return p.Message
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	text, _, _ := strings.Cut(err.Error(), "\n") // of several addresses, the first
	if secret := e.config.Password; secret != "" {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	return strings.Join(strings.Fields(text), " ")
}

func pgError(err error) *pgconn.PgError {
	p, _ := errors.AsType[*pgconn.PgError](err)
	return p
}

// code is PostgreSQL's code of an error, empty if it isn't the server's.
func code(err error) string {
	if p := pgError(err); p != nil {
		return p.Code
	}
	return ""
}

// Gone tells whether an error ended the connection.
func (e *engine) Gone(err error) bool {
	switch p := pgError(err); {
	case err == nil:
		return false
	case p != nil:
		return p.Severity == "FATAL" || p.Severity == "PANIC" || pgerrcode.IsConnectionException(p.Code)
	}
	_, isNet := errors.AsType[net.Error](err)
	_, isConnect := errors.AsType[*pgconn.ConnectError](err)
	return isNet || isConnect || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

func (e *engine) Lost(err error) bool {
	return e.Gone(err) || code(err) == pgerrcode.InFailedSQLTransaction
}

func (e *engine) Locked(err error) bool {
	switch code(err) {
	case pgerrcode.LockNotAvailable, pgerrcode.DeadlockDetected:
		return true
	}
	return false
}

func (e *engine) Taken(err error) bool { return code(err) == pgerrcode.UniqueViolation }

func (e *engine) Explain(err error) error {
	unavailable := func(text string) error {
		return &model.Reason{Text: text + " Nothing was changed.", Kind: model.ErrUnavailable}
	}
	switch code := code(err); {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case e.Locked(err):
		return &model.Reason{Text: "The database is locked by another node. Nothing was changed.", Remedy: "try again", Kind: model.ErrBusy}
	case code == pgerrcode.ReadOnlySQLTransaction:
		return &model.Reason{Text: "The database is a read-only standby. Nothing was changed.", Remedy: "use the primary server", Kind: model.ErrReadOnly}
	case code == pgerrcode.InsufficientPrivilege:
		return unavailable("The database's user lacks a right: " + pgError(err).Message + ".")
	case code == pgerrcode.DiskFull:
		return unavailable("The database server's disk is full.")
	case code == pgerrcode.QueryCanceled:
		return unavailable("The database took too long (its statement_timeout) or was told to stop.")
	case pgerrcode.IsInsufficientResources(code), pgerrcode.IsOperatorIntervention(code), pgerrcode.IsSystemError(code), pgerrcode.IsInternalError(code):
		return unavailable("The database doesn't answer: " + pgError(err).Message + ".")
	case e.Gone(err):
		return unavailable("The database can't be reached.")
	}
	return err
}
