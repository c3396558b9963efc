package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// A signal ends a command that waits for input which never comes.
func TestInterruptedInput(t *testing.T) {
	for _, args := range [][]string{{"whois"}, {"import", "-"}} {
		in, never, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		defer never.Close()
		ctx, cancel := context.WithCancel(t.Context())
		home := t.TempDir()
		getenv := func(name string) string { return map[string]string{"HOME": home}[name] }
		var out, errOut bytes.Buffer
		status := make(chan int)
		go func() { status <- Run(ctx, args, getenv, in, &out, &errOut) }()
		if _, err := never.WriteString("{"); err != nil { // now it waits for more
			t.Fatal(err)
		}
		cancel()
		if got := <-status; got != exitRefused || out.Len() > 0 || errOut.String() != "patrol: interrupted\n" {
			t.Errorf("%q: status %d, said %q and %q", args, got, out.String(), errOut.String())
		}
		if left, _ := filepath.Glob(filepath.Join(home, ".local/share/patrol/.import-*")); len(left) > 0 {
			t.Errorf("%q left %q", args, left)
		}
	}
}
