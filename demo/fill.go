package demo

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"patrol/model"
	"patrol/storage"
)

// How the bulk is cut.
const (
	tokensPerProject = 10
	maxProjects      = 1_000
	projectsPerGroup = 50
)

var (
	names  = []string{"deploy", "ci-mirror", "registry-push", "renovate", "nightly", "backup", "release", "docs", "sync", "metrics"}
	scopes = [][]string{{"read_repository"}, {"write_repository"}, {"api"}, {"read_api"}, {"read_registry", "write_registry"},
		{"read_repository", "read_api"}, {"self_rotate", "read_api"}}
)

// line is one of an import (R98).
type line struct {
	Type       string   `json:"type"`
	Path       string   `json:"path,omitempty"`
	Project    string   `json:"project,omitempty"`
	Name       string   `json:"name,omitempty"`
	Scopes     []string `json:"scopes,omitempty"`
	Role       string   `json:"role,omitempty"`
	ExpiresAt  string   `json:"expires_at,omitempty"`
	CreatedAt  string   `json:"created_at,omitempty"`
	LastUsedAt string   `json:"last_used_at,omitempty"`
	SHA256     string   `json:"sha256,omitempty"`
}

// fill imports n tokens, whose secrets nobody knows, as they are thought out.
func fill(ctx context.Context, db *storage.DB, n int, now time.Time, progress func(made int)) error {
	text, out := io.Pipe()
	go func() {
		buffered := bufio.NewWriterSize(out, 64<<10)
		err := write(buffered, n, now)
		if err == nil {
			err = buffered.Flush()
		}
		out.CloseWithError(err)
	}()
	defer text.Close()
	projects := min(max(n/tokensPerProject, 1), maxProjects)
	before := projects + (projects+projectsPerGroup-1)/projectsPerGroup
	_, err := db.Import(ctx, root, text, func(lines int) { progress(max(lines-before, 0)) })
	for more := err == nil; more && err == nil; { // the index of words, which is filled behind
		more, err = db.Tidy(ctx)
	}
	if err == nil {
		progress(n)
	}
	return err
}

// write writes the lines of an import.
func write(to io.Writer, n int, now time.Time) error {
	lines := json.NewEncoder(to)
	projects := min(max(n/tokensPerProject, 1), maxProjects)
	path := func(i int) (group, project string) {
		group = fmt.Sprintf("fleet-%02d", i/projectsPerGroup+1)
		return group, fmt.Sprintf("%s/service-%04d", group, i+1)
	}
	for i := range projects {
		group, project := path(i)
		if i%projectsPerGroup == 0 {
			if err := lines.Encode(line{Type: "group", Path: group}); err != nil {
				return err
			}
		}
		if err := lines.Encode(line{Type: "project", Path: project}); err != nil {
			return err
		}
	}
	for i := range n {
		_, project := path(i % projects)
		if err := lines.Encode(token(i, project, now)); err != nil {
			return err
		}
	}
	return nil
}

// token thinks the i-th token out: most are active and spread over the year, some
// have expired, few are about to.
func token(i int, project string, now time.Time) line {
	var random [32]byte
	rand.Read(random[:]) // never fails
	spread := int(random[0])<<8 | int(random[1])
	lives := 30 + spread%335
	age := spread * 7 % (lives + lives/8) // one in nine has expired
	made := now.Add(-time.Duration(age)*day - time.Duration(spread)*time.Second)
	role := model.Roles[2+spread%3]
	if spread%50 == 0 {
		role = model.Owner
	}
	l := line{Type: "token", Project: project, Name: fmt.Sprintf("%s-%d", names[i%len(names)], i+1),
		Scopes: scopes[spread%len(scopes)], Role: role.String(),
		ExpiresAt: (model.DateOf(made) + model.Date(lives)).String(), CreatedAt: made.UTC().Format(time.RFC3339), SHA256: hex.EncodeToString(random[:])}
	if spread%4 != 0 {
		l.LastUsedAt = made.Add(time.Duration(age) * day * 3 / 4).UTC().Format(time.RFC3339)
	}
	return l
}
