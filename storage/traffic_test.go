package storage

import (
	"testing"
	"time"

	"patrol/model"
)

// R95: a token that is used from two addresses in turns costs no more writing
// than two tokens: each address is noted once a minute.
func TestTwoAddresses(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	made := addToken(t, db, root, addProject(t, db, "acme/web").Ref(), "deploy")
	written := func() (n int) { // by 200 requests
		for range 100 {
			db.Used(made.ID, model.APIDoor, "10.0.0.1")
			db.Used(made.ID, model.APIDoor, "10.0.0.2")
		}
		db.traffic.mu.Lock()
		if of := db.traffic.pending[made.ID]; of != nil {
			n = len(of.uses)
		}
		db.traffic.mu.Unlock()
		db.traffic.flush(db)
		return n
	}
	if n := written(); n != 2 {
		t.Errorf("%d uses of two addresses were noted", n)
	}
	if n := written(); n != 0 {
		t.Errorf("%d uses were noted again at once", n)
	}
	clock.at = clock.at.Add(addressEvery + time.Second)
	if n := written(); n != 2 {
		t.Errorf("%d uses were noted a minute later", n)
	}
}

// What many addresses and refusals leave behind between two writings is bounded.
func TestTrafficBounded(t *testing.T) {
	db := open(t, Options{})
	made := addToken(t, db, root, addProject(t, db, "acme/web").Ref(), "deploy")
	for i := range 3 * maxUses {
		db.traffic.use(made.ID, model.APIDoor, use{db.Now(), string(rune('a' + i))})
		db.traffic.use(made.ID, model.APIDoor, use{db.Now(), "10.0.0.1"})
		db.Refused(model.Refusal{TokenID: made.ID, Door: model.APIDoor, Asked: "GET", Rule: "R60", Text: "No."})
	}
	db.traffic.mu.Lock()
	defer db.traffic.mu.Unlock()
	if of := db.traffic.pending[made.ID]; of != nil && len(of.uses) > maxUses {
		t.Errorf("%d uses wait", len(of.uses))
	}
	if db.traffic.known > 1 {
		t.Errorf("%d addresses are remembered, of a token just refused", db.traffic.known)
	}
}
