package cli

import (
	"fmt"
	"time"
)

// progress shows how far something long has come: step writes one line anew,
// format with the number done, and end ends it. Where nobody would see it, and
// in the first second, nothing is written.
func (a *app) progress(format string) (step func(done int), end func()) {
	if !isTerminal(a.err) {
		return func(int) {}, func() {}
	}
	shown, start := false, time.Now()
	step = func(done int) {
		if shown = shown || time.Since(start) >= time.Second; shown {
			fmt.Fprintf(a.err, "\rpatrol: "+format, done)
		}
	}
	end = func() {
		if shown {
			fmt.Fprintln(a.err)
		}
	}
	return step, end
}
