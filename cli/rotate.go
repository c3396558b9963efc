package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) tokenRotate() *cobra.Command {
	var r model.Rotation
	var expires string
	var yes bool
	c := a.leaf("rotate ID", "Give a token a new secret and print it, the only time that it is shown", cobra.ExactArgs(1), func(s *session, args []string) error {
		id, err := parseNumber("token", args[0])
		if err != nil {
			return err
		}
		if r.ExpiresOn, err = s.end(expires); err != nil {
			return err
		}
		t, err := s.store.Token(s.ctx, s.actor, model.Ref{}, id)
		if errors.Is(err, model.ErrDenied) { // let the rotation be refused, and audited (R160)
			t, err = model.Token{ID: id}, nil
		}
		if err != nil {
			return err
		}
		if r.OverlapHours == 0 {
			err = s.confirm(yes, "Rotate %s, %s? Its old secret stops working at once.", tokenNames([]model.Token{t}), lastUse(t))
		}
		if err != nil {
			return err
		}
		made, err := s.store.RotateTokens(s.ctx, s.actor, model.Ref{}, r, id)
		if err != nil {
			return err
		}
		return s.handOut(made[0])
	})
	endFlag(c, &expires, "the day on which the new secret stops working, at 00:00 UTC (as many days as the old one was given)")
	c.Flags().IntVar(&r.OverlapHours, "overlap", 0, "hours that the old secret still works, at most 168; 0: none")
	completeFlag(c, "overlap")
	return withYes(c, &yes)
}
