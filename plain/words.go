package plain

import (
	"fmt"
	"strings"
	"time"

	"patrol/model"
)

// ago says how long ago t was.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "never"
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return amount(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return amount(int(d/time.Hour), "hour") + " ago"
	}
	return amount(int(d/(24*time.Hour)), "day") + " ago"
}

// amount is "1 day", "3 days".
func amount(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// state says in what state a token is, and until when.
func (s *session) state(t model.Token) string {
	today := s.today()
	switch {
	case t.Replaced():
		return fmt.Sprintf("replaced by token %d, its secret works until %s", t.ReplacedBy, moment(t.ReplacedUntil))
	case t.State(today) == model.Revoked:
		return "revoked " + moment(t.RevokedAt)
	case t.State(today) == model.Expired:
		return "expired " + t.ExpiresOn.String()
	case t.Published(today):
		return "published, and works, expires in " + amount(int(t.ExpiresOn-today), "day")
	}
	return "active, expires in " + amount(int(t.ExpiresOn-today), "day")
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// line is a token in a list.
func (s *session) line(t model.Token) string {
	parts := []string{t.Name + " of " + t.Owner()}
	if t.Role != model.NoRole {
		parts = append(parts, t.Role.String())
	}
	used := "never used"
	if !t.LastUsedAt.IsZero() {
		used = "used " + ago(t.LastUsedAt, s.Store.Now())
	}
	return strings.Join(append(parts, strings.Join(strings.Fields(t.Scopes.String()), ", "), s.state(t), used), ". ") + "."
}

// named is a token as a question calls it.
func named(t model.Token) string {
	if t.Kind == model.PersonalToken {
		return fmt.Sprintf("token %d %s of %s", t.ID, t.Name, t.User.Username)
	}
	return fmt.Sprintf("token %d %s of %s (%s)", t.ID, t.Name, t.PlacePath, t.Role)
}

// stops says what ending a token breaks.
func (s *session) stops(t model.Token) string {
	switch {
	case t.LastUsedAt.IsZero():
		return "It was never used."
	case len(t.LastUsedIPs) == 0:
		return "It was used " + ago(t.LastUsedAt, s.Store.Now()) + "."
	}
	return "It was used " + ago(t.LastUsedAt, s.Store.Now()) + ", from " + strings.Join(t.LastUsedIPs, " and ") + ": what runs there fails from then on."
}
