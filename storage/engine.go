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
	// an older one, where nothing may be written). Its error is one clear line. The
	// options have a clock; where it is the engine's own, Now, it must go first.
	Open(ctx context.Context, o Options) error
	// Close lets go of what Open took, after all connections were closed.
	Close() error
	// Connect makes a connection.
	Connect(context.Context, Role) (*sql.Conn, error)

	// Readers are how many use cases should read at the same time; small: for one
	// person.
	Readers(small bool) int

	// Begin are the statements that begin a transaction. One that writes has all
	// others that do wait from its beginning.
	Begin(write bool) []string
	// Brief is a context for what a sound database answers at once, or to write as
	// soon as it is its turn: how long it may be silent.
	Brief(ctx context.Context, write bool) (context.Context, context.CancelFunc)
	// SQL gives a statement in which words of the dialect stand in braces as this
	// engine wants it.
	SQL(statement string) string
	// Values are what a statement is given, as this engine takes them. It may write
	// into the list.
	Values([]any) []any
	// Narrowing leads to the tokens that a word can be in; nil where an index of
	// the engine's own does.
	Narrowing() *Narrowing

	// Numbered is a statement after which a table's numbers go on after the greatest
	// that was given by hand; empty where they do so anyway.
	Numbered(table string) string
	// Now is the time by the clock that counts (P3).
	Now() time.Time

	// ID is the database's own number, by which nodes know the folder of repositories
	// that they share (P8); empty: there is one machine only.
	ID() string
	// Leads tells whether this process is the one that does what is done by one at a
	// time (P7). It stays so until the process ends or the database is lost to it.
	Leads(context.Context) (bool, error)

	// Version changes with every commit of whatever process.
	Version() (uint64, error)
	// Exact tells whether Version costs next to nothing and has changed before the
	// commit is answered: then what it was found with may be remembered (R92).
	Exact() bool
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
	// Gone tells whether an error ended the connection. If it is COMMIT's, nobody
	// knows whether that took effect.
	Gone(error) bool
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
