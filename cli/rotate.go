package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) tokenRotate() *cobra.Command {
	var r model.Rotation
	var expires, spread string
	var yes bool
	c := a.leaf("rotate ID…", "Give tokens new secrets, all or none, and print them, the only time that they are shown", cobra.MinimumNArgs(1), func(s *session, args []string) error {
		ids, err := parseNumbers("token", args)
		if err != nil {
			return err
		}
		if r.ExpiresOn, err = s.end(expires); err != nil {
			return err
		}
		if r.SpreadTo, err = s.end(spread); err != nil {
			return err
		}
		tokens := make([]model.Token, len(ids))
		for i, id := range ids {
			tokens[i], err = s.store.Token(s.ctx, s.actor, model.Ref{}, id)
			if errors.Is(err, model.ErrDenied) { // let the rotation be refused, and audited (R160)
				tokens[i], err = model.Token{ID: id}, nil
			}
			if err != nil {
				return err
			}
		}
		if r.OverlapHours == 0 {
			what := "Rotate %s, %s? Its old secret stops working at once."
			if len(tokens) > 1 {
				what = "Rotate %s; the first was %s? Their old secrets stop working at once."
			}
			err = s.confirm(yes, what, tokenNames(tokens), lastUse(tokens[0]))
		}
		if err != nil {
			return err
		}
		made, err := s.store.RotateTokens(s.ctx, s.actor, model.Ref{}, r, ids...)
		if err != nil {
			return err
		}
		return s.handOut(made...)
	})
	endFlag(c, &expires, "the day on which the new secret stops working, at 00:00 UTC (as many days as the old one was given)")
	c.Flags().Var(valueFlag[string]{&spread, checkEnd, "date"}, "spread-to", "of several tokens: their ends go evenly from --expires to this day")
	completeFlag(c, "spread-to")
	c.Flags().IntVar(&r.OverlapHours, "overlap", 0, "hours that the old secret still works, at most 168; 0: none")
	completeFlag(c, "overlap")
	return withYes(c, &yes)
}
