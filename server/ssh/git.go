package ssh

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// parseCommand reads the only commands that there are (G41): one of Git's
// services, spelt git-NAME or git NAME, and a project's path. The path may be
// quoted whole; nothing in it is ever expanded, and no shell sees it.
func parseCommand(command string) (service *door.Service, project string, ok bool) {
	name, rest, _ := strings.Cut(command, " ")
	if name == "git" {
		name, rest, _ = strings.Cut(rest, " ")
		name = "git-" + name
	}
	service = door.ServiceNamed(name)
	if service == nil || !plain(rest) {
		return nil, "", false
	}
	path := rest
	if n := len(rest); n >= 2 && (rest[0] == '\'' || rest[0] == '"') && rest[n-1] == rest[0] {
		path = rest[1 : n-1]
	}
	if path == "" || path[0] == '-' || strings.ContainsAny(path, " \t'\"\\`$;&|<>") {
		return nil, "", false
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	path = strings.TrimSuffix(path, ".git")
	return service, path, path != "" && path[0] != '/'
}

// plain tells whether a text has no control characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// git serves a fetch or a push, decided anew (G42).
func (s *session) git(service *door.Service, project string) (status int) {
	e, no, err := s.EnterRepository(s.ctx, project, service)
	switch {
	case errors.Is(err, model.ErrReadOnly):
		return s.refuse(err.Error())
	case errors.Is(err, model.ErrBusy):
		return s.refuse("The server is busy. Try again in a moment.")
	case err != nil:
		if s.ctx.Err() == nil {
			s.House.Log.Error("request failed", "id", s.ID, "error", err)
		}
		if errors.Is(err, model.ErrUnavailable) {
			return s.refuse("The server can't use its database now, and has done nothing. Try again in a moment.")
		}
		return s.refuse("Something failed here. The server's log has it under " + s.ID + ".")
	case no != nil:
		return s.refuse(no.Text)
	}
	s.Used()
	if !s.Git.Take(s.ctx, s.Address) {
		return s.refuse(door.TextNoSlot)
	}
	defer s.Git.Slots.Free(s.Address)
	return s.transfer(service, e)
}

// transfer runs Git between what the client sends and what it gets. What it
// sends goes through a pipe, since reading a channel can't be broken off.
func (s *session) transfer(service *door.Service, e model.Entrance) (status int) {
	in, feed := io.Pipe()
	defer feed.Close()
	defer context.AfterFunc(s.ctx, func() { feed.CloseWithError(errGone) })() // a push ends with what it is fed
	go func() {                                                               // ends with the channel, at the latest
		_, err := io.Copy(feed, s.channel)
		feed.CloseWithError(err)
	}()
	outcome, err := s.Git.Run(s.Visit, e, git.Transfer{
		Service: service.Name, Protocol: s.protocol, In: in, Out: s.channel, Gone: s.ctx,
		Interrupt: func() {
			feed.CloseWithError(errGone)
			s.conn.Close() // a write that waits for the client ends in no other way
		},
		Enough: func() { feed.CloseWithError(io.EOF) },
	})
	switch {
	case err != nil:
		return s.refuse("Something failed here. The server's log has it under " + s.ID + ".")
	case errors.Is(outcome.Cut, git.ErrPktLine):
		return s.refuse("Git could not read the request.")
	case errors.Is(outcome.Cut, git.ErrTooManyRefs):
		return s.refuse("There are " + outcome.Cut.Error() + ".")
	case outcome.Failed != nil || outcome.Cut != nil || outcome.Ended:
		return 1 // Git has said why, or the client is gone
	}
	return 0
}
