package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"patrol/demo"
	"patrol/model"
	"patrol/storage"
	"patrol/storage/storagetest"
)

const fewTokens = 10_000

// What a person or a client lists takes as long among all tokens as among
// fewTokens: the first page, its count, and searching a word that few hold.
func BenchmarkList(b *testing.B) {
	large, _ := open(b)
	path := filepath.Join(b.TempDir(), "patrol.db")
	if err := demo.Make(b.Context(), storagetest.Open, storage.Options{Path: path}, time.Now(), fewTokens, nil); err != nil {
		b.Fatal(err)
	}
	small, err := storagetest.Open(b.Context(), storage.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { small.Close() })
	for _, c := range []struct {
		name, filter string
		page         model.Page
	}{
		{"page", "state:active", model.Page{Limit: 50}},
		{"count", "state:active", model.Page{Limit: 1, Count: true}},
		{"word", "ci-mirror-4992 state:active", model.Page{Limit: 50, Count: true}},
		{"bot", "bot:_bot_4992", model.Page{Limit: 50, Count: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			filter, err := model.ParseFilter(c.filter)
			if err != nil {
				b.Fatal(err)
			}
			q := model.TokenQuery{Sort: model.ByExpiry, Filter: filter}
			var times, ratios []float64
			for range turns {
				few, many := listTime(b, small, q, c.page), listTime(b, large, q, c.page)
				times, ratios = append(times, many), append(ratios, many/few)
			}
			b.ReportMetric(median(times), "ms")
			b.ReportMetric(median(ratios), fmt.Sprintf("×%d-tokens", fewTokens))
			b.ReportMetric(0, "ns/op")
		})
	}
}

// listTime is the milliseconds of one list, over several.
func listTime(b *testing.B, db *storage.DB, q model.TokenQuery, p model.Page) float64 {
	const times = 10
	start := time.Now()
	for range times {
		if _, err := db.Tokens(context.Background(), root, q, p); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start).Seconds() * 1000 / times
}
