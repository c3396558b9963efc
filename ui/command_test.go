package ui_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"patrol/cli"
	"patrol/ui"
)

// Each act shows a command that, run on a database like the one before, leaves it
// as the console left its own. No secret is in it.
func TestTheCommandDoesTheSame(t *testing.T) {
	ui.PlayActs(t, func(t *testing.T, a ui.Act) {
		if a.Command == "" {
			t.Fatalf("no command:\n%s", a.Shown)
		}
		before := a.State(1)
		if strings.Contains(a.Command, "glpat-") {
			t.Errorf("a secret is in %s", a.Command)
		}
		for line := range strings.Lines(a.Command) {
			run(t, a.Same, strings.TrimSpace(line))
		}
		got, want := a.State(1), a.State(0)
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Errorf("%s leaves %s", a.Command, line)
			}
		}
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("the console leaves %s\n%s", line, a.Command)
			}
		}
		if slices.Equal(before, got) && !strings.Contains(a.Command, "\n") {
			t.Errorf("%s changes nothing", a.Command)
		}
	})
}

// run does what a shell would.
func run(t *testing.T, database, line string) {
	t.Helper()
	words, err := exec.Command("bash", "-c", `patrol() { printf '%s\0' "$@"; }; `+line).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	args := append([]string{"--db", database}, strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")...)
	var out, errOut bytes.Buffer
	if cli.Run(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &out, &errOut) != 0 {
		t.Errorf("%s: %s", line, errOut.String())
	}
}

// What was shown can be copied with the key that it names, the whole of it, and
// once more from the list of all that was done.
func TestTheCommandIsCopied(t *testing.T) { ui.CopyCommand(t) }
