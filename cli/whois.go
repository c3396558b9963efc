package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/termios"
	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) whoisCommand() *cobra.Command {
	c := a.leaf("whois", "Whose a secret is: finds Patrol's own in a text, and request ids", cobra.NoArgs, func(s *session, _ []string) error {
		var hits []model.Hit
		err := s.reading(func(in io.Reader) (err error) {
			if isTerminal(s.in) {
				var restore func() error
				if in, restore, err = s.pasted(in); err != nil {
					return err
				}
				defer func() { err = errors.Join(err, restore()) }()
			}
			hits, err = s.store.Whois(s.ctx, s.actor, in)
			return err
		})
		if err != nil {
			return err
		}
		return s.printHits(hits)
	})
	c.Long = "Reads standard input: one secret, or a text of any length that holds some, such as a log; request ids, too. " +
		"The text is not kept. The status is 0 if a live token was found."
	c.Example = `
patrol whois < leaked.log
git log -p | patrol --json whois | jq '.[].id'`
	return c
}

const endOfText = 4 // ctrl+d

// pasted reads what is pasted at the terminal, up to ctrl+d. It isn't shown, and
// no line is too long, so the terminal neither echoes nor gathers lines
// meanwhile.
func (s *session) pasted(in io.Reader) (text io.Reader, restore func() error, err error) {
	fd := s.in.(*os.File).Fd()
	before, err := term.GetState(fd)
	if err != nil {
		return nil, nil, err
	}
	if err := termios.SetTermios(int(fd), 0, 0, nil, nil, nil, nil, map[termios.L]bool{termios.ECHO: false, termios.ICANON: false}); err != nil {
		return nil, nil, err
	}
	s.note("Paste a secret, or text that holds some, and press ctrl+d. It is neither shown nor kept.")
	return &untilEnd{in: in}, func() error { return term.Restore(fd, before) }, nil
}

// untilEnd reads up to ctrl+d.
type untilEnd struct {
	in    io.Reader
	ended bool
}

func (u *untilEnd) Read(b []byte) (int, error) {
	if u.ended {
		return 0, io.EOF
	}
	n, err := u.in.Read(b)
	if end := bytes.IndexByte(b[:n], endOfText); end >= 0 {
		u.ended = true
		return end, nil
	}
	return n, err
}

// hitShape is a token that whois found, or whose refused request it found.
type hitShape struct {
	tokenShape
	Kind      model.TokenKind `json:"kind"`
	Path      *string         `json:"path"`       // of the project or group; null: a personal token
	Username  string          `json:"username"`   // the bot or person that it acts as
	CreatedBy string          `json:"created_by"` // username
	State     string          `json:"state"`      // "active", "expired", "revoked"
	Times     int             `json:"times"`      // how often it stood in the text
	Refusal   *refusalShape   `json:"refusal"`    // of a request id; null: the token's secret was found
}

func (s *session) shapeHit(h model.Hit) hitShape {
	t := h.Token
	shape := hitShape{tokenShape: shapeToken(t, s.today()), Kind: t.Kind, Path: orNull(t.PlacePath), Username: t.User.Username,
		CreatedBy: t.CreatedBy.Username, State: t.State(s.today()).String(), Times: h.Times}
	if h.Refusal != nil {
		refusal := shapeRefusal(*h.Refusal)
		shape.Refusal = &refusal
	}
	return shape
}

// printHits prints what was found. It fails if no live token is among it (R146).
func (s *session) printHits(hits []model.Hit) error {
	live := false
	for _, h := range hits {
		live = live || h.Refusal == nil && h.Token.State(s.today()) == model.Active
	}
	var err error
	if s.json {
		err = printList(s, 0, nil, func(h model.Hit) any { return s.shapeHit(h) }, whole(hits, nil))
	}
	for i := 0; i < len(hits) && !s.json && err == nil; i++ {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		err = s.printFields(nil, s.hitFields(hits[i])...)
	}
	switch {
	case err != nil || live:
		return err
	case len(hits) == 0:
		return errors.New("nothing is known by that")
	}
	return errors.New("no live token is among them")
}

func (s *session) hitFields(h model.Hit) []field {
	fields := tokenFields(h.Token, s.today())
	fields[0] = field{"token", strconv.FormatInt(h.Token.ID, 10)}
	if h.Times > 1 {
		fields = append(fields, field{"found", fmt.Sprintf("%d times", h.Times)})
	}
	if h.Refusal != nil {
		fields = append(fields, refusalField(*h.Refusal))
	}
	return fields
}
