package storage

import (
	"context"
	"database/sql"
	"time"
)

// Engine is a database below the use cases: it knows its driver, its files and
// what its SQL can't say as others do. One serves one store.
type Engine interface {
	// Open makes the database ready for use, as new as this program (or refuses
	// an older one, where nothing may be written). Its error is one clear line.
	Open(ctx context.Context, o Options, now time.Time) error
	// Close lets go of what Open took, after all connections were closed.
	Close() error
	// Connect makes a connection.
	Connect(context.Context, Role) (*sql.Conn, error)

	// Begin is the statement that begins a transaction. One that writes has all
	// others that do wait from its beginning.
	Begin(write bool) string
	// SQL gives a statement in which words of the dialect stand in braces as this
	// engine wants it.
	SQL(statement string) string
	// Narrowing leads to the tokens that a word can be in; nil where an index of
	// the engine's own does.
	Narrowing() *Narrowing

	// Version changes with every commit of whatever process. It is asked at every
	// request.
	Version() (uint64, error)
	// Committed is called after the writer's transactions, on its connection.
	Committed(*sql.Conn)
	// There is an error while the database can't be found.
	There() error
	// Warning is one line on what isn't well although the database answers.
	Warning() string

	// Taken tells whether a row broke a UNIQUE constraint.
	Taken(error) bool
	// Lost tells whether an error ended the whole transaction: disk full, I/O
	// error, interrupted.
	Lost(error) bool
	// Locked tells whether another process held the database for too long.
	Locked(error) bool
	// Explain turns the engine's errors into a sentence and a sentinel, and gives
	// others as they are.
	Explain(error) error

	// CheckFile reports what is wrong with the database below the level of SQL,
	// and references that lead nowhere.
	CheckFile(ctx context.Context, c *sql.Conn, report func(text string, args ...any)) error
	// Backup writes a copy, as of one moment, to a new file with mode 0600.
	Backup(ctx context.Context, file string) error
}

// Role is what a connection is for.
type Role int

const (
	Writer Role = iota // every change of this process; there is one
	Reader             // snapshots; it can't write but to what it has made for itself
	Alone              // one long change, an import, that waits long for its turn and checks references itself
)

// Narrowing are statements about an index of words.
type Narrowing struct {
	Add   string                                           // takes in the words of tokens after one id, up to another
	Find  string                                           // the ids of tokens that hold what Match gives
	Match func(texts []string) (match string, usable bool) // what to look for; not usable where a text is too short
}
