package main

import (
	"context"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// yesterday PROJECT NAME DAYS makes a token as if it were yesterday, which then
// has had so many days to live.
func cmdYesterday(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: yesterday PROJECT NAME DAYS")
	}
	days, err := strconv.Atoi(args[2])
	ts.Check(err)
	at := time.Now().Add(-24 * time.Hour)
	path := ts.Getenv("DB")
	db, err := sqlite.Open(context.Background(), storage.Options{Path: path, Repositories: filepath.Join(filepath.Dir(path), "repositories"),
		Clock: func() time.Time { return at }})
	ts.Check(err)
	_, err = db.CreateToken(context.Background(), model.Actor{UserID: model.RootID, Door: model.CLIDoor}, model.NewToken{
		Place: model.ProjectRef(args[0]), Name: args[1], Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: model.DateOf(at) + model.Date(days)})
	ts.Check(err)
	ts.Check(db.Close())
}
