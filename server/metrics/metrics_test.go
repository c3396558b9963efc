package metrics

import (
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/storagetest"
)

// open makes metrics of a store whose clock is now.
func open(t testing.TB, now *time.Time) (*Metrics, *storage.DB) {
	t.Helper()
	db, err := storagetest.Open(t.Context(), storage.Options{Path: filepath.Join(t.TempDir(), "patrol.db"), Clock: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	none := func() int { return 0 }
	return New(Source{Store: db, Revision: "test", Processes: 16, Running: none, Waiting: none,
		Limited: []LimitReached{{"rate_limit_per_token", func() uint64 { return 3 }}}}), db
}

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/-/metrics", nil))
	return w.Body.String()
}

func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("G99: %q is not among\n%s", line, patrols(text))
		}
	}
}

// patrols are the lines that are about Patrol itself.
func patrols(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "patrol_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// G99: whatever doors report, the labels are those of the program.
func TestLabelsAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	m, _ := open(t, &now)
	for i := range 5000 {
		text := "R1\n" + strconv.Itoa(i)
		m.Decided(model.Door("door"+text), "R"+strconv.Itoa(i), true)
		m.Decided(model.Door(text), text, false)
		m.Decided(model.APIDoor, text, false)
		m.Decided(model.APIDoor, strconv.Itoa(i), false)
		m.Answered(model.Door(text), time.Millisecond)
	}
	m.Decided(model.GitDoor, "G14", false)
	m.Decided(model.GitDoor, "G14", false)
	text := scrape(m)
	has(t, text, `patrol_decisions_total{door="other",outcome="allowed",rule=""} 5000`, `patrol_decisions_total{door="api",outcome="refused",rule="other"} 10000`,
		`patrol_decisions_total{door="git",outcome="refused",rule="G14"} 2`, `patrol_limited_total{limit="rate_limit_per_token"} 3`)
	if lines := strings.Count(patrols(text), "\n"); lines > 250 {
		t.Errorf("G99: %d series", lines)
	}
}

// G99: what the store will have to do is counted by dates, and asked for at most
// every ten seconds.
func TestOutlook(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	m, db := open(t, &now)
	root := model.Actor{UserID: model.RootID, Door: model.CLIDoor}
	create := func(days int) (id int64) {
		t.Helper()
		made, err := db.CreateToken(t.Context(), root, model.NewToken{UserID: model.RootID, Name: "x", Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: model.DateOf(now) + model.Date(days)})
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	for _, days := range []int{1, 7, 8, 30, 31, 200} {
		create(days)
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, create(3)); err != nil {
		t.Fatal(err)
	}
	has(t, scrape(m), `patrol_tokens_expiring{days="7"} 2`, `patrol_tokens_expiring{days="30"} 4`, `patrol_oldest_notice_age_seconds 0`)
	create(2)
	now = now.Add(outlookEvery - time.Second)
	has(t, scrape(m), `patrol_tokens_expiring{days="7"} 2`)
	now = now.Add(time.Second)
	has(t, scrape(m), `patrol_tokens_expiring{days="7"} 3`)

	now = now.AddDate(0, 0, 1)
	for more := true; more; {
		var err error
		if more, err = db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	has(t, scrape(m), `patrol_oldest_notice_age_seconds 3600`)
	waiting, err := db.Undelivered(t.Context(), 100)
	if err != nil || len(waiting) == 0 {
		t.Fatalf("%v, %v", waiting, err)
	}
	for _, n := range waiting {
		if err := db.Delivered(t.Context(), n.ID); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(outlookEvery)
	has(t, scrape(m), `patrol_oldest_notice_age_seconds 0`)
}

// G99: commits and what they held.
func TestCommits(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	m, db := open(t, &now)
	for i := range 5 {
		if _, err := db.AddUser(t.Context(), model.Actor{UserID: model.RootID, Door: model.CLIDoor},
			model.NewUser{Username: "u" + strconv.Itoa(i), Name: "U", Email: strconv.Itoa(i) + "@example.org"}); err != nil {
			t.Fatal(err)
		}
	}
	has(t, scrape(m), `patrol_commit_changes_bucket{le="1"} 5`, `patrol_commit_changes_bucket{le="256"} 5`, `patrol_commit_changes_sum 5`, `patrol_commit_changes_count 5`)
}

func BenchmarkDecided(b *testing.B) {
	now := time.Now()
	m, _ := open(b, &now)
	for b.Loop() {
		m.Decided(model.APIDoor, "", true)
		m.Answered(model.APIDoor, time.Millisecond)
	}
}

func BenchmarkRefused(b *testing.B) {
	now := time.Now()
	m, _ := open(b, &now)
	for b.Loop() {
		m.Decided(model.APIDoor, "R45", false)
	}
}
