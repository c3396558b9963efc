package notices

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"patrol/model"
)

// shape is an event as programs read it. It begins as a notice of
// --notice-hook does.
type shape struct {
	ID        string          `json:"id"`
	At        string          `json:"at"`
	Event     model.EventKind `json:"event"`
	Window    *int            `json:"window"`
	ExpiresAt model.Date      `json:"expires_at"`
	TokenID   int64           `json:"token_id"`
	Name      string          `json:"name"`
	Kind      model.TokenKind `json:"kind"`
	Path      *string         `json:"path"`
	To        []string        `json:"to"`
	By        *string         `json:"by"`
	Door      *model.Door     `json:"door"`
	Count     *int            `json:"count"`
	Test      bool            `json:"test,omitempty"`
}

func body(e model.TokenEvent) []byte {
	s := shape{ID: e.ID, At: e.At.UTC().Format("2006-01-02T15:04:05.000Z"), Event: e.Kind, Window: orNull(e.Window), ExpiresAt: e.ExpiresOn, TokenID: e.TokenID,
		Name: e.Token, Kind: e.TokenKind, Path: orNull(e.PlacePath), To: append([]string{}, e.To...), By: orNull(e.By), Door: orNull(e.Door),
		Count: orNull(e.Count), Test: isTest(e)}
	return marshal(s)
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and texts only
	}
	return text
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Sample is an event that never happened.
func Sample(now time.Time) model.TokenEvent {
	return model.TokenEvent{ID: fmt.Sprintf("test-%d", now.UnixMilli()), Kind: model.EventExpiring, At: now, Window: model.NoticeLast, Token: "test of patrol notice test",
		TokenKind: model.ProjectToken, CreatedAt: now, ExpiresOn: model.DateOf(now) + model.NoticeLast, Place: model.Place{Kind: model.ProjectPlace},
		PlacePath: "example/test", To: []string{}}
}

func isTest(e model.TokenEvent) bool { return strings.HasPrefix(e.ID, "test-") }

// Sentence is what people are told, on one line.
func Sentence(e model.TokenEvent) string {
	token := fmt.Sprintf("Token %d %q", e.TokenID, e.Token)
	if e.PlacePath != "" {
		token += " of " + e.PlacePath
	}
	by := ""
	if e.By != "" {
		by = " by " + e.By
	}
	switch e.Kind {
	case model.EventExpiring:
		return model.Clean(fmt.Sprintf("%s expires on %s", token, e.ExpiresOn))
	case model.EventExpired:
		return model.Clean(fmt.Sprintf("%s has expired on %s", token, e.ExpiresOn))
	case model.EventRefused:
		return model.Clean(fmt.Sprintf("%s was refused %d times at %s since it last got in", token, e.Count, e.Door))
	case model.EventPublished:
		return model.Clean(token + " was published: its secret is in a push")
	case model.EventFamilyReuse:
		return model.Clean("A revoked secret was used again: the family of " + token + " is revoked")
	}
	return model.Clean(fmt.Sprintf("%s was %s%s", token, e.Kind, by))
}
