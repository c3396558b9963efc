package storage

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// How many random histories a run of the tests plays, one a seed from 0 on. For
// more: go test ./storage -run TestHistories -histories 1000; for the one that
// failed: -run TestHistories/seed_7$ with at least as many.
var histories = flag.Int("histories", 5, "how many random histories TestHistories plays")

// steps is how long a history is.
const steps = 200

// Whatever people, bots and the clock do, in whatever order, the store keeps the
// rules' laws, and it agrees with a plain model of what its tokens, bots, people
// and places must be. A failure prints its seed and the whole history.
func TestHistories(t *testing.T) {
	for seed := range uint64(*histories) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			play(newWorld(t, seed))
		})
	}
}

func play(w *world) {
	defer func() {
		if w.t.Failed() {
			w.t.Log("the history:\n" + strings.Join(w.told, "\n"))
		}
	}()
	for n := 1; n <= steps && !w.t.Failed(); n++ {
		w.step()
		w.secretsHold()
		if n%20 == 0 {
			w.storeAgrees()
			w.nothingHiddenShows()
		}
	}
}

func (w *world) choose(n int) int { return w.random.IntN(n) }

func (w *world) seldom() bool { return w.choose(8) == 0 }

func one[T any](w *world, of ...T) T { return of[w.choose(len(of))] }

func (w *world) tell(format string, args ...any) {
	w.told = append(w.told, w.clock.at.Format("2006-01-02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// must ends the history if what can't fail fails.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// newWorld is a new database with five people, two groups and a project.
func newWorld(t *testing.T, seed uint64) *world {
	clock := noon()
	w := &world{t: t, clock: clock, db: open(t, Options{Clock: clock.read}), random: rand.New(rand.NewPCG(seed, 0)),
		roles: map[seat]post{}, settings: map[string]string{}}
	for _, s := range model.DefaultSettings() {
		w.settings[s.Key] = s.Default
	}
	w.people = []*person{{User: model.User{ID: model.RootID, Kind: model.Human, Username: "root", Admin: true}}}
	for _, n := range []model.NewUser{{Username: "ann"}, {Username: "bob"}, {Username: "eve", External: true}, {Username: "aud", Auditor: true}, {Username: "adm", Admin: true}} {
		u, err := w.db.AddUser(t.Context(), root, n)
		w.must(err)
		w.people = append(w.people, &person{User: u})
	}
	for _, path := range []string{"acme", "labs"} {
		w.addPlace(who{person: w.people[1]}, model.NewPlace{Kind: model.GroupPlace, FullPath: path, Visibility: model.Visibility(w.choose(3))}, nil)
	}
	w.addPlace(who{person: w.people[1]}, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web"}, w.spots[0])
	return w
}

// step does one random thing.
func (w *world) step() {
	one(w, []func(){
		w.createToken, w.createToken, w.createToken, w.createToken,
		w.rotateToken, w.rotateToken, w.rotateToken, w.rotateToken, w.rotateSelf,
		w.revokeTokens, w.revokeTokens, w.revokeSelf, w.reuse,
		w.write, w.write, w.addRunner,
		w.addMember, w.addMember, w.changeMember, w.removeMember,
		w.addSomePlace, w.changePlace, w.changePlan, w.removePlace,
		w.changePerson, w.removePerson,
		w.changeSetting, w.setFlag,
		w.passTime, w.passTime, w.tidy,
	}...)()
}

func (w *world) passTime() {
	midnight := (w.today() + 1).Time().Sub(w.clock.at)
	by := one(w, time.Hour, time.Hour, -time.Hour, -time.Hour, midnight-time.Millisecond, midnight, 24*time.Hour, 2*24*time.Hour)
	if w.seldom() {
		by = one[time.Duration](w, 7, 31) * 24 * time.Hour
	}
	w.clock.at = w.clock.at.Add(by)
	w.tell("the clock steps by %v", by)
}
