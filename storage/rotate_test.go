package storage

import (
	"errors"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

func rotate(t *testing.T, db *DB, a model.Actor, r model.Rotation, id int64) model.IssuedToken {
	t.Helper()
	made, err := db.RotateTokens(t.Context(), a, model.Ref{}, r, id)
	if err != nil {
		t.Fatal(err)
	}
	return made[0]
}

func rule(err error) string {
	var r *model.Reason
	if errors.As(err, &r) {
		return r.Rule
	}
	return ""
}

// R66, R55, R113: a new id and secret, all else as before; the old one is dead
// at once and the bot lives.
func TestRotate(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	old := addToken(t, db, root, p.Ref(), "deploy")
	clock.at = clock.at.Add(10 * day)
	made := rotate(t, db, root, model.Rotation{}, old.ID)
	today := model.DateOf(clock.at)
	if made.ID == old.ID || made.Secret.Reveal() == old.Secret.Reveal() || made.User.ID != old.User.ID || made.Name != old.Name ||
		made.Role != old.Role || made.Scopes.String() != old.Scopes.String() || made.Family != old.ID || !made.LastUsedAt.IsZero() || !made.CreatedAt.Equal(clock.at) {
		t.Errorf("R66: %+v", made.Token)
	}
	if made.ExpiresOn != today+30 {
		t.Errorf("R55: as many days as the old one was given: %v", made.ExpiresOn)
	}
	api := root
	api.Door = model.APIDoor
	if again := rotate(t, db, api, model.Rotation{}, made.ID); again.ExpiresOn != today+7 {
		t.Errorf("R55: over REST seven days: %v", again.ExpiresOn)
	}
	if err := admitted(t, db, old.Secret); rule(err) != "R92" {
		t.Errorf("R66: the old secret: %v", err)
	}
	if _, err := db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{}, old.ID); rule(err) != "R67" || err.Error() != "Token already revoked" {
		t.Errorf("R67: %v", err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// R67: an expired token rotates, by a human; R82: then it counts as creating.
func TestRotateExpired(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	old := addToken(t, db, root, p.Ref(), "deploy")
	clock.at = clock.at.Add(31 * day)
	if made := rotate(t, db, root, model.Rotation{}, old.ID); admitted(t, db, made.Secret) != nil {
		t.Error("R67: the successor of an expired token doesn't work")
	}
}

// R69: both secrets work until the overlap ends, without any job having to run;
// the replaced one doesn't rotate again; ending it leaves bot and successor.
func TestOverlap(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	old := addToken(t, db, root, p.Ref(), "deploy")
	made := rotate(t, db, root, model.Rotation{OverlapHours: 24}, old.ID)
	start := clock.at
	works := func(s model.Secret, want string) {
		t.Helper()
		if got := rule(admitted(t, db, s)); got != want {
			t.Errorf("R69: at %s: %q, want %q", clock.at.Sub(start), got, want)
		}
	}
	works(old.Secret, "")
	works(made.Secret, "")
	token, err := db.Token(t.Context(), root, model.Ref{}, old.ID)
	if err != nil || token.ReplacedBy != made.ID || !token.ReplacedUntil.Equal(start.Add(24*time.Hour)) {
		t.Errorf("R69: %+v, %v", token, err)
	}
	if _, err := db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{}, old.ID); rule(err) != "R69" || err.Error() != "Token already rotated" {
		t.Errorf("R69: rotating the replaced one: %v", err)
	}
	clock.at = start.Add(24*time.Hour - time.Millisecond)
	works(old.Secret, "")
	clock.at = start.Add(24 * time.Hour)
	works(old.Secret, "R92") // from memory, and with no row changed
	works(made.Secret, "")
	yes := true
	list, err := db.Tokens(t.Context(), root, model.TokenQuery{In: p.Ref(), Active: &yes}, model.Page{})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].ID != made.ID {
		t.Errorf("R69: active tokens: %v, %v", list.Rows, err)
	}
	for range 2 {
		if _, err := db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenRevoked}, model.Page{})
	if err != nil || len(entries.Rows) != 1 || entries.Rows[0].Door != model.SystemDoor {
		t.Errorf("R122: tidied exactly once: %v, %v", entries.Rows, err)
	}
	works(made.Secret, "")

	next := rotate(t, db, root, model.Rotation{OverlapHours: 168}, made.ID)
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID); err != nil {
		t.Fatal(err)
	}
	works(made.Secret, "R92")
	works(next.Secret, "")
	last := rotate(t, db, root, model.Rotation{OverlapHours: 1}, next.ID)
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, last.ID); err != nil {
		t.Fatal(err)
	}
	works(next.Secret, "R92") // revoking the new one by hand revokes its predecessor
	if _, err := db.User(t.Context(), root, old.User.ID, ""); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R120: the bot is still there: %v", err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// R69: never longer than the old token's own life, and only 0 to 168 hours.
func TestOverlapLimits(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	old, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "x", Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: model.DateOf(clock.at) + 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, hours := range []int{-1, 169} {
		if _, err := db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{OverlapHours: hours}, old.ID); !errors.Is(err, model.ErrInvalid) || rule(err) != "R69" {
			t.Errorf("R69: %d hours: %v", hours, err)
		}
	}
	if _, err := db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{ExpiresOn: model.DateOf(clock.at)}, old.ID); rule(err) != "R58" {
		t.Errorf("R58: %v", err)
	}
	rotate(t, db, root, model.Rotation{OverlapHours: 168}, old.ID)
	token, err := db.Token(t.Context(), root, model.Ref{}, old.ID)
	if err != nil || !token.ReplacedUntil.Equal(old.ExpiresOn.Time()) {
		t.Errorf("R69: %v, %v", token.ReplacedUntil, err)
	}
}

// R65: a token rotates itself with api or self_rotate, whatever switch, plan
// and role say; the flag matters; an overlap is refused.
func TestRotateSelf(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "self", Scopes: model.Scopes{model.ScopeSelfRotate}})
	if err != nil {
		t.Fatal(err)
	}
	off := false
	if _, err := db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{TokenCreation: &off}); err != nil {
		t.Fatal(err)
	}
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	if _, err := db.RotateSelf(t.Context(), bot, model.Ref{}, model.Rotation{OverlapHours: 1}); !errors.Is(err, model.ErrInvalid) || rule(err) != "R69" {
		t.Errorf("R69: %v", err)
	}
	next, err := db.RotateSelf(t.Context(), bot, p.Ref(), model.Rotation{})
	if err != nil {
		t.Fatalf("R65: %v", err)
	}
	if _, err := db.RotateSelf(t.Context(), bot, p.Ref(), model.Rotation{}); rule(err) != "R92" {
		t.Errorf("R66: a second time: %v", err)
	}
	if err := db.SetFeature(t.Context(), root, p.Ref(), &off); err != nil {
		t.Fatal(err)
	}
	bot.TokenID = next.ID
	if _, err := db.RotateSelf(t.Context(), bot, p.Ref(), model.Rotation{}); rule(err) != "R70" {
		t.Errorf("R70: %v", err)
	}
	addProject(t, db, "other/web")
	if _, err := db.RotateSelf(t.Context(), bot, model.ProjectRef("other/web"), model.Rotation{}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("A46: elsewhere: %v", err)
	}
}

// R68: a revoked secret on a rotation endpoint ends its whole family, and the
// bot with it; an expired one ends nothing.
func TestReuseEndsFamily(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	first := addToken(t, db, root, p.Ref(), "deploy")
	second := rotate(t, db, root, model.Rotation{}, first.ID)
	third := rotate(t, db, root, model.Rotation{OverlapHours: 5}, second.ID)
	stranger := addToken(t, db, root, p.Ref(), "other")
	if err := db.Reused(t.Context(), model.Actor{Door: model.APIDoor, Address: "10.6.6.6"}, first.ID); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]model.Secret{"second": second.Secret, "third": third.Secret} {
		if err := admitted(t, db, s); rule(err) != "R92" {
			t.Errorf("R68: %s: %v", name, err)
		}
	}
	if err := admitted(t, db, stranger.Secret); err != nil {
		t.Errorf("R68: another family: %v", err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenFamilyRevoked}, model.Page{})
	if err != nil || len(entries.Rows) != 1 || entries.Rows[0].Address != "10.6.6.6" || !strings.Contains(entries.Rows[0].Change, `"revoked":2`) {
		t.Errorf("R68: %+v, %v", entries.Rows, err)
	}
	if _, err := db.User(t.Context(), root, first.User.ID, ""); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R120: the bot is still there: %v", err)
	}
	for range 5 { // there is nothing left to revoke, and nobody fills the disk by asking (R160)
		if err := db.Reused(t.Context(), model.Actor{Door: model.APIDoor, Address: "10.6.6.6"}, second.ID); err != nil {
			t.Fatal(err)
		}
	}
	entries, err = db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenFamilyRevoked}, model.Page{})
	if err != nil || len(entries.Rows) != 2 || entries.Rows[0].Count != 5 || entries.Rows[0].Rule != "R68" || entries.Rows[0].TargetID != second.ID {
		t.Errorf("R68, R160: %+v, %v", entries.Rows, err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// R122: thirty days after its expiry a token is revoked and its bot ends; R121:
// a bot whose retention is over ends.
func TestTidy(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	expiring := addToken(t, db, root, p.Ref(), "expiring")
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingBotRetention, "5"); err != nil {
		t.Fatal(err)
	}
	kept := addToken(t, db, root, p.Ref(), "kept")
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, kept.ID); err != nil {
		t.Fatal(err)
	}
	there := func(bot int64) bool {
		t.Helper()
		if _, err := db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := db.User(t.Context(), root, bot, "")
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	if clock.at = clock.at.Add(5*day - time.Second); !there(kept.User.ID) {
		t.Error("R121: gone before its retention is over")
	}
	if clock.at = clock.at.Add(time.Second); there(kept.User.ID) {
		t.Error("R121: there after its retention")
	}
	if clock.at = (expiring.ExpiresOn + 30).Time().Add(-time.Second); !there(expiring.User.ID) {
		t.Error("R122: gone before thirty days")
	}
	if clock.at = clock.at.Add(time.Second); there(expiring.User.ID) {
		t.Error("R122: there after thirty days")
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenExpiredCleanup}, model.Page{})
	if err != nil || len(entries.Rows) != 1 {
		t.Errorf("R122: %v, %v", entries.Rows, err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}
