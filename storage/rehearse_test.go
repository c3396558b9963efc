package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"patrol/model"
)

// R122, R174: on a day long after a token's expiry it is revoked and its bot is
// gone, as upkeep will have made it; what lives is as it was, and nothing is
// written.
func TestRehearsedUpkeep(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	ends := addToken(t, db, root, p.Ref(), "ends")
	stays, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "stays", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Developer,
		ExpiresOn: model.DateOf(clock.at) + 300})
	if err != nil {
		t.Fatal(err)
	}
	if ends.ExpiresOn >= stays.ExpiresOn-100 {
		t.Fatal("the one must end long before the other")
	}
	for days, gone := range map[model.Date]bool{29: false, 30: true, 60: true} {
		at := (ends.ExpiresOn + days).Time().Add(time.Hour)
		later := open(t, Options{Path: db.path, ReadOnly: true, Clock: func() time.Time { return at }})
		token, err := later.Token(t.Context(), root, model.Ref{}, ends.ID)
		if err != nil || token.RevokedAt.IsZero() == gone || token.BotDeleted != gone || gone && model.DateOf(token.RevokedAt) != ends.ExpiresOn+30 {
			t.Errorf("after %d days: %+v, %v", days, token, err)
		}
		members, err := later.Members(t.Context(), root, p.Ref(), false, "", model.Page{})
		if want := map[bool]int{false: 2, true: 1}[gone]; err != nil || len(members.Rows) != want {
			t.Errorf("after %d days: %d members, %v", days, len(members.Rows), err)
		}
		for _, sort := range []model.TokenSort{model.ByID, model.ByExpiry, model.ByName, model.ByLastUse} {
			list, err := later.Tokens(t.Context(), root, model.TokenQuery{In: p.Ref(), Sort: sort}, model.Page{Count: true})
			if want := map[bool]int{false: 2, true: 1}[gone]; err != nil || list.Total != want || len(list.Rows) != want {
				t.Errorf("after %d days: %d tokens, %v", days, list.Total, err)
			}
		}
		if err := admitted(t, later, stays.Secret); err != nil {
			t.Errorf("after %d days: %v", days, err)
		}
		if _, err := later.AddUser(t.Context(), root, model.NewUser{Username: "x"}); !errors.Is(err, model.ErrReadOnly) {
			t.Errorf("R174: %v", err)
		}
		if err := later.view(t.Context(), root, func(x *tx) error { return x.exec(`DELETE FROM main.tokens`) }); err == nil {
			t.Error("R174: a rehearsal could write")
		}
	}
}

// A rehearsal is open at once, whatever it has to find out; who reads waits for
// that, and can give up.
func TestRehearsalBehind(t *testing.T) {
	clock := noon()
	path := open(t, Options{Clock: clock.read}).path
	later := open(t, Options{Path: path, ReadOnly: true, Clock: clock.read})
	<-later.rehearsal.known
	pending := &rehearsal{stop: func() {}, known: make(chan struct{}), ended: later.rehearsal.ended}
	later.rehearsal = pending
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := later.Ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	answered := make(chan error)
	go func() { answered <- later.Ready(t.Context()) }()
	select {
	case err := <-answered:
		t.Fatalf("answered before it was known: %v", err)
	default:
	}
	close(pending.known)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
