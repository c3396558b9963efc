package ui

import "strings"

// bars are the heights of a sparkline, from the lowest.
var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws counts as bars in the scale of most, the oldest first: one cell
// each, blank for none.
func spark(counts []int64, most int64) string {
	var b strings.Builder
	for _, n := range counts {
		if n == 0 || most == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(bars[min(int(n*int64(len(bars)-1)/most), len(bars)-1)])
	}
	return b.String()
}
