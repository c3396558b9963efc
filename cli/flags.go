package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"patrol/model"
)

// valueFlag is a flag whose text is read as it is parsed, so that what can't be
// read is wrong usage and nothing has begun.
type valueFlag[T any] struct {
	to    *T
	parse func(string) (T, error)
	kind  string
}

func (f valueFlag[T]) String() string { return "" }
func (f valueFlag[T]) Type() string   { return f.kind }
func (f valueFlag[T]) Set(s string) (err error) {
	*f.to, err = f.parse(s)
	return err
}

func roleFlag(c *cobra.Command, to *model.Role, text string) {
	c.Flags().Var(valueFlag[model.Role]{to, model.ParseRole, "role"}, "role", text)
	completeFlag(c, "role", lower(model.Roles)...)
}

func visibilityFlag(c *cobra.Command, to *model.Visibility) {
	c.Flags().Var(valueFlag[model.Visibility]{to, model.ParseVisibility, "visibility"}, "visibility", "private, internal or public (private)")
	completeFlag(c, "visibility", lower(model.Visibilities)...)
}

// endFlag is the day on which something is to end. session.end reads it, which
// knows what day it is.
func endFlag(c *cobra.Command, to *string, text string) {
	c.Flags().Var(valueFlag[string]{to, checkEnd, "date"}, "expires", text)
	completeFlag(c, "expires")
}

// checkEnd is wrong usage if s can't be such a day on any day.
func checkEnd(s string) (string, error) {
	if _, err := model.ParseEnd(s, 1); err != nil {
		return "", fmt.Errorf("%q %w", s, err)
	}
	return s, nil
}

// end reads an endFlag; nothing: no date.
func (s *session) end(text string) (model.Date, error) {
	if text == "" {
		return 0, nil
	}
	return argument(model.ParseEnd(text, s.today()))
}

func lower[T interface{ String() string }](list []T) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = strings.ToLower(v.String())
	}
	return names
}

// require refuses a command without the flags that it can't do without.
func require(c *cobra.Command, names ...string) *cobra.Command {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, name := range names {
			if !c.Flags().Changed(name) {
				return usagef("%s needs --%s", c.CommandPath(), name)
			}
		}
		return run(c, args)
	}
	return c
}

// exclude refuses flags that contradict one another.
func exclude(c *cobra.Command, names ...string) *cobra.Command {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		var given []string
		for _, name := range names {
			if c.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		if len(given) > 1 {
			return usagef("%s takes one of %s, not several", c.CommandPath(), strings.Join(given, ", "))
		}
		return run(c, args)
	}
	return c
}

func pointer[T any](v T, err error) (*T, error) { return &v, err }

// argument wraps the error of an argument that can't be read.
func argument[T any](v T, err error) (T, error) {
	if err != nil {
		return v, usage{err}
	}
	return v, nil
}

func parseOnOff(s string) (bool, error) {
	switch s {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", s)
}

// parseNumber reads a thing's number. Its error doesn't repeat what was given:
// it may be a secret.
func parseNumber(what, s string) (int64, error) {
	id, ok := model.ParseID(s)
	if !ok {
		return 0, usagef("a %s is named by its number, such as 5", what)
	}
	return id, nil
}

func parseNumbers(what string, list []string) (ids []int64, err error) {
	ids = make([]int64, len(list))
	for i, s := range list {
		if ids[i], err = parseNumber(what, s); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
