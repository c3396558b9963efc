package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"patrol/model"
)

// completer finds what a word on the command line could become.
type completer func(s *session, prefix string) ([]string, error)

// completions is how many suggestions a shell gets at most.
const completions = model.MaxPage

// complete gives a command's arguments their completers, nil where nothing can
// be suggested. Completing never makes a database.
func (a *app) complete(c *cobra.Command, each ...completer) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(each) || each[len(args)] == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.suggest(c.Context(), each[len(args)], prefix), cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// completeUserFile completes a username and then files.
func (a *app) completeUserFile(c *cobra.Command) *cobra.Command {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return a.suggest(c.Context(), usernames, prefix), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
	return c
}

// completeFlagBy gives a flag a completer.
func (a *app) completeFlagBy(c *cobra.Command, flag string, by completer) {
	must(c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return a.suggest(c.Context(), by, prefix), cobra.ShellCompDirectiveNoFileComp
	}))
}

// completeFlag gives a flag a list of values; none: nothing is suggested.
func completeFlag(c *cobra.Command, flag string, values ...string) {
	must(c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// must is for what fails only if a command is declared wrongly.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// suggestWait is how long a shell waits for a server that may be away.
const suggestWait = 2 * time.Second

// suggest answers nothing at all if anything is in the way: a shell has no place
// for an error.
func (a *app) suggest(ctx context.Context, by completer, prefix string) (found []string) {
	if a.address() == "" { // a file that isn't there isn't made for a suggestion
		path, err := a.file()
		if err != nil {
			return nil
		}
		if _, err := os.Stat(path); err != nil {
			return nil
		}
	}
	ctx, stop := context.WithTimeout(ctx, suggestWait)
	defer stop()
	err := a.session(ctx, func(s *session) (err error) {
		found, err = by(s, prefix)
		return err
	})
	if err != nil {
		return nil
	}
	matching := found[:0]
	for _, word := range found {
		if strings.HasPrefix(strings.ToLower(word), strings.ToLower(prefix)) {
			matching = append(matching, model.Clean(word))
		}
	}
	return matching
}

// words completes to fixed words.
func words(list ...string) completer {
	return func(*session, string) ([]string, error) { return list, nil }
}

func projectPaths(s *session, prefix string) ([]string, error) {
	list, err := s.store.Projects(s.ctx, s.actor, model.PlaceQuery{Search: prefix}, model.Page{Limit: completions})
	return pluck(list, func(p model.Project) string { return p.FullPath }), err
}

func groupPaths(s *session, prefix string) ([]string, error) {
	list, err := s.store.Groups(s.ctx, s.actor, model.PlaceQuery{Search: prefix}, model.Page{Limit: completions})
	return pluck(list, func(g model.Group) string { return g.FullPath }), err
}

func placePaths(s *session, prefix string) ([]string, error) {
	projects, err := projectPaths(s, prefix)
	if err != nil {
		return nil, err
	}
	groups, err := groupPaths(s, prefix)
	return append(projects, groups...), err
}

func usernames(s *session, prefix string) ([]string, error) {
	list, err := s.store.Users(s.ctx, s.actor, model.UserQuery{Search: prefix, Kind: model.Human}, model.Page{Limit: completions})
	return pluck(list, func(u model.User) string { return u.Username }), err
}

func pluck[T any](list model.List[T], name func(T) string) []string {
	names := make([]string, len(list.Rows))
	for i, row := range list.Rows {
		names[i] = name(row)
	}
	return names
}
