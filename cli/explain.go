package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"patrol/model"
)

func (a *app) explainCommand() *cobra.Command {
	c := a.leaf("explain ID WHAT…", "Would a token be let through, which rule decides, what would change it", cobra.MinimumNArgs(2), func(s *session, args []string) error {
		id, err := parseNumber("token", args[0])
		if err != nil {
			return err
		}
		q, err := argument(model.ParseQuestion(args[1:]))
		if err != nil {
			return err
		}
		e, err := s.store.Explain(s.ctx, s.actor, id, q)
		if err != nil {
			return err
		}
		return s.printExplanation(q, e)
	})
	c.Long = "Runs the decision without doing anything, and shows its steps up to the one that decides. WHAT is one of: METHOD /api/v4/PATH, " +
		"git fetch|push PATH, registry pull|push NAME, auth METHOD [PROJECT], k8s CLUSTER, ai. The status is 0 if it would be allowed, 1 if refused."
	c.Example = `
patrol explain 5 git push acme/web
patrol explain 5 POST /api/v4/projects/1/issues
patrol --at 2027-01-31T00:00:00Z explain 5 git fetch acme/web`
	return a.complete(c, nil, words("git", "registry", "auth", "k8s", "ai", "GET", "POST", "PUT", "DELETE"))
}

// verdictShape is the answer to a question, or what it would be.
type verdictShape struct {
	Allowed bool    `json:"allowed"`
	Rule    string  `json:"rule"`
	Reason  *string `json:"reason"` // null: it is allowed
}

func shapeVerdict(d model.Decision) verdictShape {
	return verdictShape{d.Allowed, d.Rule, orNull(d.Text)}
}

type explanationShape struct {
	TokenID int64  `json:"token_id"`
	Asked   string `json:"asked"`
	verdictShape
	Steps   []stepShape   `json:"steps"`   // in their order; the last one decides
	Changes []changeShape `json:"changes"` // what would change the answer, and what it then is
}

type stepShape struct {
	Name   string  `json:"name"`
	Rule   string  `json:"rule"`
	Passed bool    `json:"passed"`
	Reason *string `json:"reason"`
}

type changeShape struct {
	Change string `json:"change"`
	verdictShape
}

func shapeExplanation(q model.Question, e model.Explanation) explanationShape {
	shape := explanationShape{e.Token.ID, q.Text, shapeVerdict(e.Decision), make([]stepShape, len(e.Steps)), make([]changeShape, len(e.Changes))}
	for i, step := range e.Steps {
		shape.Steps[i] = stepShape{step.Name, step.Rule, step.Passed, orNull(step.Text)}
	}
	for i, c := range e.Changes {
		shape.Changes[i] = changeShape{c.Text, shapeVerdict(c.Decision)}
	}
	return shape
}

// printExplanation prints the steps and then the changes. It fails if the answer
// is no (R172).
func (s *session) printExplanation(q model.Question, e model.Explanation) error {
	if s.json {
		if err := s.printObject(shapeExplanation(q, e)); err != nil {
			return err
		}
	} else if err := s.printSteps(q, e); err != nil {
		return err
	}
	if e.Decision.Allowed {
		return nil
	}
	return fmt.Errorf("refused by %s: %s", e.Decision.Rule, e.Decision.Text)
}

// answered is a line of an explanation.
type answered struct{ answer, rule, text string }

func (s *session) printSteps(q model.Question, e model.Explanation) error {
	steps := make([]answered, len(e.Steps))
	for i, step := range e.Steps {
		steps[i] = answered{"passed", step.Rule, step.Name}
		if !step.Passed {
			steps[i] = answered{"refused", step.Rule, step.Name + ": " + step.Text}
		}
	}
	if e.Decision.Allowed {
		steps = append(steps, answered{"allowed", e.Decision.Rule, q.Text})
	}
	changes := make([]answered, len(e.Changes))
	for i, c := range e.Changes {
		changes[i] = answered{"allowed", c.Decision.Rule, c.Text}
		if !c.Decision.Allowed {
			changes[i] = answered{"refused", c.Decision.Rule, c.Text + ": " + c.Decision.Text}
		}
	}
	if err := s.printAnswers("ANSWER", "STEP", steps); err != nil || len(changes) == 0 {
		return err
	}
	fmt.Fprintln(s.out)
	return s.printAnswers("WOULD BE", "IF", changes)
}

func (s *session) printAnswers(answer, text string, lines []answered) error {
	return printList(s, 0, []column[answered]{
		{answer, func(l answered) string { return l.answer }},
		{"RULE", func(l answered) string { return l.rule }},
		{text, func(l answered) string { return l.text }},
	}, nil, whole(lines, nil))
}
