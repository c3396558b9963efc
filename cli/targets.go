package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"patrol/model"
	"patrol/notices"
)

// targetsFile is where the targets of events stand, beside the database.
const targetsFile = "notices.json"

func noticeTargetsFlag(f *pflag.FlagSet, file *string) {
	f.StringVar(file, "notice-targets", "", "file of webhooks, mail and hooks that are told what happens to tokens, mode 0600 ("+targetsFile+" beside the database, if it is there)")
}

// targets are those of a file, or of the usual one if there is one.
func (s *session) targets(file string) ([]notices.Target, error) {
	if file != "" {
		return notices.Load(file, false)
	}
	return notices.Load(filepath.Join(s.store.Folder(), targetsFile), true)
}

// telling is how this process delivers.
func (s *session) telling(log *slog.Logger) notices.Config {
	return notices.Config{Store: s.store, Version: s.store.Version, Now: s.store.Now, Log: log, Process: rand.Text(),
		Hook:    func(ctx context.Context, file, text string) error { return runHook(ctx, file, text, hookLimit) },
		Project: s.gitlabProject,
		Group:   func(ctx context.Context, p model.Place) (model.Group, error) { return s.store.EventGroup(ctx, p.ID) }}
}

// gitlabProject is a project as GitLab's webhooks show it.
func (s *session) gitlabProject(ctx context.Context, place model.Place) (shown notices.GitLabProject, err error) {
	p, err := s.store.EventProject(ctx, place.ID)
	if err != nil {
		return shown, err
	}
	site, err := s.store.URL(ctx)
	if err != nil {
		return shown, err
	}
	web := site + "/" + p.FullPath
	return notices.GitLabProject{ID: p.ID, Name: p.Name, Description: orNull(p.Description), WebURL: web, GitHTTPURL: web + ".git", HTTPURL: web + ".git", Homepage: web,
		URL: web + ".git", Namespace: p.GroupName, Visibility: 10 * int(p.Visibility), Path: p.FullPath, DefaultBranch: orNull(p.DefaultBranch)}, nil
}

// tell delivers to targets beside everything else until the function is called
// that it gives. With --at nothing is delivered (R174).
func (s *session) tell(log *slog.Logger, list []notices.Target) (stop func()) {
	if s.options.ReadOnly || len(list) == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		notices.Deliver(ctx, list, s.telling(log))
	}()
	return func() { cancel(); <-ended }
}

func (a *app) noticeTestCommand() *cobra.Command {
	var file string
	c := a.leaf("test TARGET", "Send an event that never happened to one target, and say what became of it", cobra.ExactArgs(1), func(s *session, args []string) error {
		list, err := s.targets(file)
		if err != nil {
			return err
		}
		target, err := notices.Find(list, args[0])
		if err != nil {
			return fmt.Errorf("there is no target %s: patrol notice targets lists them", model.Clean(args[0]))
		}
		if err := notices.Test(s.ctx, target, s.telling(slog.New(slog.NewTextHandler(a.err, nil)))); err != nil {
			return fmt.Errorf("%s has not taken it: %s", target.Name, model.Clean(err.Error()))
		}
		return s.printDone(struct {
			Target string `json:"target"`
			Taken  bool   `json:"taken"`
		}{target.Name, true}, "%s has taken it", target.Name)
	})
	noticeTargetsFlag(c.Flags(), &file)
	return c
}

// targetRow is a target, and how it does.
type targetRow struct {
	target notices.Target // its type is empty: it is in no file any more
	state  model.TargetState
	waits  int
}

type targetShape struct {
	Name      string            `json:"name"`
	Type      *string           `json:"type"` // null: the file doesn't name it any more
	Where     *string           `json:"where"`
	Events    []model.EventKind `json:"events"`
	Waiting   int               `json:"waiting"` // at most 1000
	Delivered int64             `json:"delivered"`
	Dropped   int64             `json:"dropped"`
	TakenAt   *stamp            `json:"taken_at"`
	FailingAt *stamp            `json:"failing_since"`
	Failures  int               `json:"failures"`
	Error     *string           `json:"error"`
}

func shapeTarget(r targetRow) any {
	shape := targetShape{Name: r.state.Name, Type: orNull(r.target.Type), Where: orNull(r.target.Where()), Events: r.target.Wanted(), Waiting: r.waits,
		Delivered: r.state.Delivered, Dropped: r.state.Dropped, Failures: r.state.Failures, Error: orNull(r.state.Error)}
	if at := stamp(r.state.TakenAt); !r.state.TakenAt.IsZero() {
		shape.TakenAt = &at
	}
	if at := stamp(r.state.FailingAt); !r.state.FailingAt.IsZero() {
		shape.FailingAt = &at
	}
	return shape
}

// mostWaiting is how far is counted what a target waits for.
const mostWaiting = 1000

var targetColumns = []column[targetRow]{
	{"NAME", func(r targetRow) string { return r.state.Name }},
	{"TYPE", func(r targetRow) string {
		if r.target.Type == "" {
			return "not in the file"
		}
		return r.target.Type
	}},
	{"WHERE", func(r targetRow) string { return r.target.Where() }},
	{"EVENTS", func(r targetRow) string {
		if len(r.target.Wanted()) == len(model.EventKinds) {
			return "all"
		}
		var words []string
		for _, kind := range r.target.Wanted() {
			words = append(words, string(kind))
		}
		return strings.Join(words, ",")
	}},
	{"WAITING", func(r targetRow) string {
		if r.waits >= mostWaiting {
			return strconv.Itoa(mostWaiting) + "+"
		}
		return strconv.Itoa(r.waits)
	}},
	{"TAKEN", func(r targetRow) string { return strconv.FormatInt(r.state.Delivered, 10) }},
	{"GIVEN UP", func(r targetRow) string { return strconv.FormatInt(r.state.Dropped, 10) }},
	{"STATE", func(r targetRow) string {
		switch {
		case r.state.Failures > 0:
			return fmt.Sprintf("failing since %s (%d): %s", moment(r.state.FailingAt), r.state.Failures, r.state.Error)
		case !r.state.TakenAt.IsZero():
			return "took one at " + moment(r.state.TakenAt)
		}
		return "nothing yet"
	}},
}

func (a *app) noticeTargetsCommand() *cobra.Command {
	var file string
	c := a.leaf("targets", "List the targets of notices and events: what waits for each, and what failed", cobra.NoArgs, func(s *session, _ []string) error {
		rows, err := s.targetRows(file)
		return printList(s, 0, targetColumns, shapeTarget, whole(rows, err))
	})
	noticeTargetsFlag(c.Flags(), &file)
	return c
}

func (s *session) targetRows(file string) (rows []targetRow, err error) {
	list, err := s.targets(file)
	if err != nil {
		return nil, err
	}
	states, err := s.store.Targets(s.ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		row := targetRow{target: t, state: model.TargetState{Name: t.Name}}
		if i := slices.IndexFunc(states, func(o model.TargetState) bool { return o.Name == t.Name }); i >= 0 {
			row.state = states[i]
			states = slices.Delete(states, i, i+1)
			if row.waits, err = s.waiting(t, row.state.Position); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	for _, state := range states {
		rows = append(rows, targetRow{state: state})
	}
	return rows, nil
}

// waiting counts what a target is still to be told.
func (s *session) waiting(t notices.Target, from model.Position) (n int, err error) {
	for more := true; more && n < mostWaiting && err == nil; {
		var list []model.TokenEvent
		list, from, more, err = s.store.NextEvents(s.ctx, from, t.Wanted(), model.MaxPage)
		n += len(list)
	}
	return n, err
}
