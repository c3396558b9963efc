package model

import (
	"context"
	"fmt"
	"io"
)

// PushedText is an object of a push that may hold secrets: a file's content, or
// a commit or tag with its message.
type PushedText struct {
	ID   string
	Kind string // blob, commit, tag
	Text io.Reader
}

// PushInspection is a push that isn't taken yet (G110).
type PushInspection struct {
	ProjectID int64
	Publish   bool // it says that it means to publish what it holds (G112)
	// Texts gives each text to a function, whose error ends it. A Text is read
	// only within the call.
	Texts func(ctx context.Context, each func(PushedText) error) error
	// Where tells in which commit, and by which path, a text would be published;
	// a message has no path. A text that was there before isn't published.
	Where func(context.Context, PushedText) (path, commit string, published bool, err error)
}

// Leak is the secret of a live token that a push would publish.
type Leak struct {
	Token  Token
	Seen   bool   // by the pusher, who else learns nothing of it (R44, R48)
	Path   string // in the repository; empty: in a message
	Commit string // its full id; empty: it stands in a tag's message
}

// String is what a pusher is told (G110): never the secret.
func (l Leak) String() string {
	what := "a live token of this server would be published"
	if l.Seen {
		what = fmt.Sprintf("a live token would be published: %d %s of %s", l.Token.ID, l.Token.Name, l.Token.Owner())
	}
	where := "the message of a tag"
	commit := l.Commit[:min(len(l.Commit), 7)]
	switch {
	case l.Path != "":
		where = fmt.Sprintf("%s (commit %s)", l.Path, commit)
	case commit != "":
		where = "the message of commit " + commit
	}
	return Clean(what + ", in " + where + ". Revoke it, or take it out of the history.")
}

// Owner is whose the token is, for people: its place's path, or a person's name.
func (t Token) Owner() string {
	if t.Kind == PersonalToken {
		return t.User.Username
	}
	return t.PlacePath
}

// Pushes are the use cases of what is pushed.
type Pushes interface {
	// InspectPush finds the secrets of live tokens in a push, each of them once.
	// If there are any, the push must be refused: it is audited as that. With
	// Publish, and if the pusher may revoke all of them, it is let through: they
	// are marked as published, which is audited, and none are returned (G112).
	InspectPush(context.Context, Actor, PushInspection) ([]Leak, error)
	// Pushed records an accepted push (G29) and, if the repository's HEAD
	// points to nothing, points it to one of the branches pushed (G28).
	Pushed(context.Context, Actor, Push) error
}
