package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"patrol/model"
)

// How the bulk of a demonstration is cut.
const (
	demoChunk            = 100_000 // tokens a commit
	demoProgress         = 5_000   // tokens between two reports
	demoTokensPerProject = 10
	demoMaxProjects      = 1_000
)

var demoNames = []string{"deploy", "ci-mirror", "registry-push", "renovate", "nightly", "backup", "release", "docs", "sync", "metrics"}

var demoScopes = []string{"read_repository", "write_repository", "api", "read_api", "read_registry write_registry", "read_repository read_api", "self_rotate read_api"}

// fillDemo writes n more tokens, each with its bot, membership and audit entry,
// as CreateToken would, but many thousands a commit. Their secrets are known to
// nobody.
func (db *DB) fillDemo(ctx context.Context, n, done int, now time.Time, progress func(int)) error {
	if n <= 0 {
		progress(done)
		return nil
	}
	root := model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "demo"}
	var projects []place
	for i := range min(max(n/demoTokensPerProject, 1), demoMaxProjects) {
		path := fmt.Sprintf("fleet-%02d/service-%04d", i/50+1, i+1)
		p, err := db.AddProject(ctx, root, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Visibility: model.Private, Parents: true})
		if err != nil {
			return err
		}
		projects = append(projects, place{Place: model.Place{Kind: model.ProjectPlace, ID: p.ID}, path: p.FullPath})
	}
	return db.withoutIndexes(ctx, func() error {
		for from := 0; from < n; from += demoChunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			to := min(from+demoChunk, n)
			if err := db.change(ctx, root, func(t *tx) error { return t.demoTokens(from, to, projects, now, func(at int) { progress(done + at) }) }); err != nil {
				return err
			}
		}
		progress(done + n)
		return db.indexAllWords(ctx)
	})
}

// indexAllWords makes the index in a few large steps.
func (db *DB) indexAllWords(ctx context.Context) error {
	for more := true; more; {
		err := db.change(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) (err error) {
			more, err = t.indexNext(demoChunk)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// demoRow is a token of the bulk, all but its number.
type demoRow struct {
	place              place
	name, bot, expires string
	scopes             model.Scopes
	digest             []byte
	role               model.Role
	made               int64
	used               any
	change             string
}

// makeDemoRow thinks the i-th token out: most are active and spread over the
// year, some expired, few are about to.
func makeDemoRow(i int, p place, now time.Time) (demoRow, error) {
	var random [40]byte
	rand.Read(random[:]) // never fails
	spread := int(random[0])<<8 | int(random[1])
	lives := 30 + spread%335
	age := spread * 7 % (lives + lives/8) // one in nine has expired
	made := now.Add(-time.Duration(age)*day - time.Duration(spread)*time.Second)
	r := demoRow{
		place: p, name: fmt.Sprintf("%s-%d", demoNames[i%len(demoNames)], i+1),
		bot:    fmt.Sprintf("project_%d_bot_%s", p.ID, hex.EncodeToString(random[32:])),
		scopes: scopesOf(demoScopes[spread%len(demoScopes)]),
		digest: random[:32], role: model.Roles[2+spread%3], made: made.UnixMilli(),
		expires: (model.DateOf(made) + model.Date(lives)).String(),
	}
	if spread%50 == 0 {
		r.role = model.Owner
	}
	if spread%4 != 0 {
		r.used = made.Add(time.Duration(age) * day * 3 / 4).UnixMilli()
	}
	change, err := json.Marshal(map[string]any{"name": r.name, "scopes": r.scopes, "role": r.role.String(), "expires_at": r.expires})
	r.change = string(change)
	return r, err
}

const lastIDSQL = `SELECT coalesce((SELECT last FROM {numbers} AS given WHERE name = ?), 0)`

// demoTokens writes the tokens from one number to another. They are thought out
// on the other processor meanwhile.
func (t *tx) demoTokens(from, to int, projects []place, now time.Time, progress func(at int)) error {
	type made struct {
		demoRow
		err error
	}
	queue := make(chan made, 4*bulkRows)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for i := from; i < to; i++ {
			row, err := makeDemoRow(i, projects[i%len(projects)], now)
			select {
			case queue <- made{row, err}:
			case <-stop:
				return
			}
		}
	}()
	user, err := t.int(lastIDSQL, "users")
	if err != nil {
		return err
	}
	token, err := t.int(lastIDSQL, "tokens")
	if err != nil {
		return err
	}
	if err := t.chainEnd(); err != nil {
		return err
	}
	users := t.bulk(`INSERT INTO users (id, kind, username, name, created_at)`)
	members := t.bulk(`INSERT INTO members (user_id, project_id, role, created_at, creator_id)`)
	tokens := t.bulk(`INSERT INTO tokens (id, kind, user_id, project_id, name, scopes, digest, creator_id, created_at, expires_on, last_used_at)`)
	entries := t.bulk(insertEntry)
	for i := from; i < to; i++ {
		row := <-queue
		if row.err != nil {
			return row.err
		}
		if i%demoProgress == 0 {
			progress(i)
		}
		user, token = user+1, token+1
		e := &model.Entry{At: t.now, UserID: model.RootID, User: "root", Door: model.CLIDoor, Address: "demo",
			Action: model.TokenCreated, TargetKind: "token", TargetID: token, TargetPath: row.place.path, Change: row.change}
		for _, err := range []error{
			users.add(user, int(model.Bot), row.bot, row.name, row.made),
			members.add(user, row.place.ID, int(row.role), row.made, model.RootID),
			tokens.add(token, string(model.ProjectToken), user, row.place.ID, row.name, row.scopes.String(), row.digest, model.RootID, row.made, row.expires, row.used),
			entries.add(t.chain.link(e, row.place.Place)...),
		} {
			if err != nil {
				return err
			}
		}
	}
	for _, b := range []*bulk{users, members, tokens, entries} {
		if err := b.flush(); err != nil {
			return err
		}
	}
	return nil
}
