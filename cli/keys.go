package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// bindingShape is a key of the console in JSON.
type bindingShape struct {
	Screen string   `json:"screen"`
	Keys   []string `json:"keys"`
	Action string   `json:"action"`
	Does   string   `json:"does"`
}

func (a *app) keysCommand() *cobra.Command {
	return command("keys", "The keys of the console, screen by screen", cobra.NoArgs, func(context.Context, []string) error { return a.printKeys() })
}

// printKeys prints the table that the console itself acts by: the usual keys, and
// those of the configuration instead.
func (a *app) printKeys() error {
	chosen, err := a.chosen()
	if err != nil {
		return err
	}
	var shapes []bindingShape
	for i, set := range chosen.Keys.Sets() {
		if !a.json {
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			fmt.Fprintln(a.out, set.Title)
		}
		for _, b := range set.Bindings {
			shapes = append(shapes, bindingShape{set.Title, b.Keys, string(b.Action), b.Long})
			if !a.json {
				fmt.Fprintf(a.out, "  %-24s %s  [%s]\n", b.Caps(), strings.ReplaceAll(b.Long, "`", ""), b.Action)
			}
		}
	}
	if a.json {
		fmt.Fprintln(a.out, jsonText(shapes))
	}
	return nil
}
