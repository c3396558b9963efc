package storage

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

func rowCounts(t *testing.T, db *DB) string {
	t.Helper()
	var counts []string
	err := db.view(t.Context(), root, func(t *tx) error {
		for _, table := range []string{"users", "members", "tokens", "audit"} {
			n, err := t.int(`SELECT count(*) FROM ` + table)
			if err != nil {
				return err
			}
			counts = append(counts, fmt.Sprintf("%s %d", table, n))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(counts, ", ")
}

// R40, R100–R104, R140–R143, R53, R55: what a new project token is.
func TestCreateToken(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: "  deploy ",
		Scopes: model.NewScopes([]string{"write_repository", "read_api", "write_repository"})})
	if err != nil {
		t.Fatal(err)
	}
	today := model.DateOf(clock.at)
	check := func(rule string, ok bool, got any) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %v", rule, got)
		}
	}
	check("R50 trimmed", made.Name == "deploy", made.Name)
	check("R52 duplicates dropped, order kept", made.Scopes.String() == "write_repository read_api", made.Scopes)
	check("R53 console and command line: Guest", made.Role == model.Guest, made.Role)
	check("R55 console and command line: 30 days", made.ExpiresOn == today+30, made.ExpiresOn)
	check("R101", made.User.Name == "deploy" && made.User.Kind == model.Bot, made.User)
	check("R102", regexp.MustCompile(`^project_1_bot_[0-9a-f]{16}$`).MatchString(made.User.Username), made.User.Username)
	check("R104", made.User.Email == made.User.Username+"@noreply.localhost", made.User.Email)
	check("R140, R141", regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20}$`).MatchString(made.Secret.Reveal()), len(made.Secret.Reveal()))
	members, err := db.Members(t.Context(), root, p.Ref(), false, "", model.Page{})
	if err != nil {
		t.Fatal(err)
	}
	check("R100, R105 one membership", len(members.Rows) == 1 && members.Rows[0].User.ID == made.User.ID && members.Rows[0].Role == model.Guest, members.Rows)
	api := root
	api.Door = model.APIDoor
	made, err = db.CreateToken(t.Context(), api, model.NewToken{Place: model.ProjectRef("1"), Name: "rest", Scopes: model.Scopes{model.ScopeAPI}})
	check("R53, R55 REST: Maintainer, 365 days", err == nil && made.Role == model.Maintainer && made.ExpiresOn == today+365, err)
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingMaxLifetime, "10"); err != nil {
		t.Fatal(err)
	}
	made, err = db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("1"), Name: "short", Scopes: model.Scopes{model.ScopeAPI}})
	check("R55, R57 no longer than the instance allows", err == nil && made.ExpiresOn == today+10, made.ExpiresOn)
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingPrefix, ""); err != nil {
		t.Fatal(err)
	}
	made, err = db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("1"), Name: "bare", Scopes: model.Scopes{model.ScopeAPI}})
	check("R141 empty prefix", err == nil && len(made.Secret.Reveal()) == model.SecretLength, err)
}

// What a creation answers is what is read of the token afterwards.
func TestCreatedAsRead(t *testing.T) {
	clock := noon()
	clock.at = clock.at.Add(1234567 * time.Nanosecond) // finer than what is stored
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	ann, err := db.AddUser(t.Context(), root, model.NewUser{Username: "ann", Name: "Ann", External: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddMember(t.Context(), root, p.Ref(), ann.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	text := "nightly"
	rootAsAnn := root
	rootAsAnn.AsID = ann.ID
	for _, c := range []struct {
		by  model.Actor
		ask model.NewToken
	}{
		{root, model.NewToken{Place: p.Ref(), Name: " deploy ", Description: &text, Role: model.Owner}},
		{as(ann.ID), model.NewToken{Place: model.ProjectRef("ACME/Web"), Name: "by an external"}},
		{rootAsAnn, model.NewToken{Place: p.Ref(), Name: "as another"}},
		{root, model.NewToken{Place: model.GroupRef("acme"), Name: "group"}},
		{root, model.NewToken{UserID: ann.ID, Name: "personal"}},
	} {
		c.ask.Scopes = model.NewScopes([]string{"api", "read_api", "api"})
		made, err := db.CreateToken(t.Context(), c.by, c.ask)
		if err != nil {
			t.Fatal(err)
		}
		read, err := db.Token(t.Context(), root, model.Ref{}, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		made.User.Keys, made.User.Tokens = 0, 0 // of people only, and not read with a token
		if !reflect.DeepEqual(made.Token, read) {
			t.Errorf("%s: made %+v\nread %+v", read.Name, made.Token, read)
		}
	}
}

// R59: bad input changes nothing, and all fields' errors come at once.
func TestCreateTokenRefusesWhole(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	before := rowCounts(t, db)
	today := model.DateOf(db.Now())
	good := model.NewToken{Place: p.Ref(), Name: "x", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Guest, ExpiresOn: today + 1}
	for name, change := range map[string]func(*model.NewToken){
		"R50 empty":         func(n *model.NewToken) { n.Name = "" },
		"R50 blanks":        func(n *model.NewToken) { n.Name = " \t\u2003" },
		"R50 256":           func(n *model.NewToken) { n.Name = strings.Repeat("é", 256) },
		"R50 control":       func(n *model.NewToken) { n.Name = "a\x1b[31mb" },
		"R50 NUL":           func(n *model.NewToken) { n.Name = "a\x00b" },
		"R50 direction":     func(n *model.NewToken) { n.Name = "a\u202eb" },
		"R50 not UTF-8":     func(n *model.NewToken) { n.Name = "a\xffb" },
		"R51 256":           func(n *model.NewToken) { d := strings.Repeat("x", 256); n.Description = &d },
		"R52 none":          func(n *model.NewToken) { n.Scopes = nil },
		"R52 unknown":       func(n *model.NewToken) { n.Scopes = model.Scopes{"root"} },
		"R52 personal only": func(n *model.NewToken) { n.Scopes = model.Scopes{model.ScopeReadUser} },
		"R53 unknown":       func(n *model.NewToken) { n.Role = 7 },
		"R56 too late":      func(n *model.NewToken) { n.ExpiresOn = today + 366 },
		"R58 today":         func(n *model.NewToken) { n.ExpiresOn = today },
		"R58 past":          func(n *model.NewToken) { n.ExpiresOn = today - 5 },
	} {
		n := good
		change(&n)
		_, err := db.CreateToken(t.Context(), root, n)
		var r *model.Reason
		if !errors.As(err, &r) || !errors.Is(err, model.ErrInvalid) || r.Rule != name[:3] {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), ExpiresOn: today})
	if want := "Name can't be blank, Scopes can't be blank, Expiration date must be in the future"; err == nil || err.Error() != want {
		t.Errorf("R59 all at once: %v", err)
	}
	if after := rowCounts(t, db); after != before {
		t.Errorf("R59: %s became %s", before, after)
	}
	made, err := db.CreateToken(t.Context(), root, good)
	if err != nil || made.ID != 1 || made.User.ID != 3 {
		t.Errorf("R59: refusals used up ids: token %d, bot %d, %v", made.ID, made.User.ID, err)
	}
}

// R120, R123, R131, R162, R94: revoking a bot's last token.
func TestRevokeEndsBot(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.GitDoor}
	if err := db.Pushed(t.Context(), bot, model.Push{ProjectID: p.ID, Refs: []model.RefUpdate{{Name: "refs/heads/main", Old: strings.Repeat("0", 40), New: strings.Repeat("1", 40)}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), made.ID); err != nil {
		t.Fatal(err)
	}
	var author int64
	err := db.view(t.Context(), root, func(t *tx) error {
		_, err := t.row(`SELECT user_id FROM pushes`, nil, &author)
		return err
	})
	if err != nil || author != model.GhostID {
		t.Errorf("R131: the push's author is user %d, %v", author, err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{Limit: 3})
	if err != nil || len(entries.Rows) != 3 {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range entries.Rows {
		actions = append(actions, e.Action)
		if !e.At.Equal(entries.Rows[0].At) {
			t.Errorf("R162: %s at another time", e.Action)
		}
	}
	if got := strings.Join(actions, " "); got != "records.moved bot.deleted token.revoked" {
		t.Errorf("R162: %s", got)
	}
	members, err := db.Members(t.Context(), root, p.Ref(), false, "", model.Page{})
	if err != nil || len(members.Rows) != 0 {
		t.Errorf("R120: members %v, %v", members.Rows, err)
	}
	api := root
	api.Door = model.APIDoor
	if _, err := db.Token(t.Context(), api, p.Ref(), made.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R123: over REST: %v", err)
	}
	history, err := db.Token(t.Context(), root, p.Ref(), made.ID)
	if err != nil || !history.BotDeleted || history.Role != model.Developer || history.State(model.DateOf(db.Now())) != model.Revoked {
		t.Errorf("R123: history: %+v, %v", history, err)
	}
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), made.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R94: once its bot is deleted: %v", err)
	}
	if _, err := db.User(t.Context(), root, made.User.ID, ""); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R120: the bot is still seen: %v", err)
	}
}

// R121: with a retention the bot stays, powerless; R94: revoking again changes
// nothing.
func TestBotRetention(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingBotRetention, "30"); err != nil {
		t.Fatal(err)
	}
	made := addToken(t, db, root, p.Ref(), "deploy")
	for range 2 {
		if err := db.RevokeTokens(t.Context(), root, p.Ref(), made.ID); err != nil {
			t.Fatal(err)
		}
	}
	api := root
	api.Door = model.APIDoor
	token, err := db.Token(t.Context(), api, p.Ref(), made.ID)
	if err != nil || token.RevokedAt.IsZero() || token.BotDeleted {
		t.Errorf("R121: %+v, %v", token, err)
	}
	list, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenRevoked}, model.Page{})
	if err != nil || len(list.Rows) != 1 {
		t.Errorf("R94: %d entries of one revocation, %v", len(list.Rows), err)
	}
}

// Several at once: all or none.
func TestRevokeAllOrNone(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	a, b := addToken(t, db, root, p.Ref(), "a"), addToken(t, db, root, p.Ref(), "b")
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), a.ID, b.ID, 99); !errors.Is(err, model.ErrNotFound) {
		t.Fatal(err)
	}
	for _, made := range []model.IssuedToken{a, b} {
		if err := admitted(t, db, made.Secret); err != nil {
			t.Errorf("%s: %v", made.Name, err)
		}
	}
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), a.ID, b.ID); err != nil {
		t.Fatal(err)
	}
}

// R61: a token revokes itself, whatever its scopes; R43: it makes none.
func TestSelf(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "self", Scopes: model.Scopes{model.ScopeReadRegistry}, Role: model.Owner})
	if err != nil {
		t.Fatal(err)
	}
	bot := model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	if err := db.RevokeSelf(t.Context(), bot); err != nil {
		t.Errorf("R61: %v", err)
	}
	if err := db.RevokeSelf(t.Context(), bot); !errors.Is(err, model.ErrUnauthenticated) {
		t.Errorf("R92: a second time: %v", err)
	}
	owner, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "owner", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Owner})
	if err != nil {
		t.Fatal(err)
	}
	bot = model.Actor{UserID: owner.User.ID, TokenID: owner.ID, Door: model.APIDoor}
	var r *model.Reason
	_, err = db.CreateToken(t.Context(), bot, model.NewToken{Place: p.Ref(), Name: "child", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Guest})
	if !errors.As(err, &r) || r.Rule != "R43" {
		t.Errorf("R43: %v", err)
	}
	list, err := db.Tokens(t.Context(), bot, model.TokenQuery{In: p.Ref()}, model.Page{})
	if err != nil || len(list.Rows) != 1 {
		t.Errorf("R46: an Owner bot lists its project's tokens: %v, %v", list.Rows, err)
	}
}
