package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// R143: a secret in the wrong place is not repeated: not as an argument, nor as
// a flag, its value or what follows it, of any command.
func TestSecretsUnsaid(t *testing.T) {
	t.Chdir(t.TempDir())
	home := t.TempDir()
	getenv := func(name string) string { return map[string]string{"HOME": home}[name] }
	for _, secret := range []string{"glpat-fb0Xq-9TzK_mA3vW7cYd", "acme_9vXq2LmT-rWb8kZpN4sHd", "hvs.CAESIJlx0a8TQw"} {
		tried := 0
		walk((&app{getenv: getenv}).rootCommand(), nil, func(path []string, c *cobra.Command) {
			for _, args := range misuses(path, c, secret) {
				var out, errOut bytes.Buffer
				status := Run(t.Context(), args, getenv, strings.NewReader(""), &out, &errOut)
				tried++
				wrong := status == exitUsage || !strings.HasPrefix(secret, "hvs.") // which names a file as well
				if said := out.String() + errOut.String(); status != exitDone && wrong && strings.Contains(said, secret[6:]) {
					t.Errorf("patrol %q: status %d, said %q", args, status, said)
				}
			}
		})
		if tried < 500 {
			t.Errorf("only %d command lines were tried", tried)
		}
	}
}

// walk visits a command and all below it, with the words that name each.
func walk(c *cobra.Command, path []string, visit func([]string, *cobra.Command)) {
	visit(path, c)
	for _, child := range c.Commands() {
		walk(child, append(slices.Clip(path), child.Name()), visit)
	}
}

// misuses are command lines with a secret in each place of a command where
// people could put one.
func misuses(path []string, c *cobra.Command, secret string) (all [][]string) {
	switch c.Name() {
	case "serve":
		path = append(slices.Clip(path), "--http", "nowhere") // so that it ends
	case "fill":
		path = append(slices.Clip(path), "--tokens", "1")
	}
	add := func(args ...string) { all = append(all, append(slices.Clip(path), args...)) }
	add(secret)
	add("--" + secret)
	add("-" + secret)
	add("-h" + secret[1:])
	add("-y" + secret)
	add("--token=" + secret)
	add("--token", secret)
	add("--=" + secret)
	add("--help=" + secret)
	for _, before := range [][]string{{"acme/web"}, {"root"}, {"1"}, {"1", "GET"}, {"root", "name"}, {"resource_access_token"}, {"acme", "plan"}} {
		add(append(before, secret)...)
		add(append(before, secret, secret)...)
	}
	flags := func(f *pflag.Flag) {
		add("--"+f.Name, secret)
		add("--"+f.Name+"="+secret, "extra")
		add("--"+f.Name+"=api,"+secret, "extra", "extra", "extra", "extra")
		add("--" + f.Name + secret)
	}
	c.LocalFlags().VisitAll(flags)
	c.InheritedFlags().VisitAll(flags)
	return all
}

// What can't be a secret is repeated, so that a mistake is found.
func TestUnsay(t *testing.T) {
	for _, test := range []struct {
		text, typed string
		wrongUsage  bool
		want        string
	}{
		{`patrol has no command "tokn"`, "tokn", true, `patrol has no command "tokn"`},
		{`"2026-02-30" is not a date`, "--expires=2026-02-30", true, `"2026-02-30" is not a date`},
		{`there is no flag --resource-access-token`, "--resource-access-token", true, `there is no flag --resource-access-token`},
		{`"two\twordsOfMine" is not`, "two\twordsOfMine", true, `[hidden] is not`},
		{`"wizardWizard1" is not a role`, "wizardWizard1", true, `[hidden] is not a role`},
		{`"glpat-short" is not a role`, "glpat-short", true, `[hidden] is not a role`},
		{`open /home/ann/Backup-2026-11-24-TokensOfAcme01.jsonl: no such file`, "/home/ann/Backup-2026-11-24-TokensOfAcme01.jsonl", false,
			`open /home/ann/Backup-2026-11-24-TokensOfAcme01.jsonl: no such file`},
		{`open 9vXq2LmTrWb8kZpN4sHd: no such file`, "9vXq2LmTrWb8kZpN4sHd", false, `open [hidden]: no such file`},
	} {
		if got := unsay(test.text, []string{test.typed}, test.wrongUsage); got != test.want {
			t.Errorf("of %q: %q, want %q", test.typed, got, test.want)
		}
	}
}
