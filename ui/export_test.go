package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
)

// Act is what a console did to a database, and the command that it showed.
type Act struct {
	Name, Command string
	Database      string             // that the console changed
	Same          string             // one like it, to run the command on
	State         func(int) []string // of the first or the second
	Shown         string             // the screen after it
}

// PlayActs does each kind of act in a console over a database of its own, made
// today: the command line has no other clock.
func PlayActs(t *testing.T, check func(*testing.T, Act)) {
	then := now
	now = time.Now().UTC().Truncate(time.Second)
	defer func() { now = then }()
	for _, c := range []struct{ name, keys string }{
		{"make a project", "g p n ‹fresh/new› enter right ctrl+s"},
		{"make a group", "g r n ‹acme/sub› ctrl+s"},
		{"make a token", "g p down enter n 1 down ‹it's \"mine\"› tab ‹for $HOME & more› ctrl+s"},
		{"make a token for a purpose", "g p down enter n 3 down ‹ci› ctrl+s"},
		{"make a group's token", "g r enter n 4 down ‹all› ctrl+s"},
		{"revoke a token", "g p down enter x …y"},
		{"revoke many", "g p down enter space down space x enter …y"},
		{"rotate a token", "g p down enter r tab right right ctrl+s"},
		{"rotate many", "g p down enter a r enter ctrl+s"},
		{"spread many", "g t v right right right right right right right right right right right right down down down down down s enter ctrl+s"},
		{"add a member", "g p down enter tab tab n ‹ines› tab right right tab ‹30d› ctrl+s"},
		{"change a member", "g p down enter tab tab / ‹sam› enter e right ctrl+s"},
		{"remove a member", "g p down enter tab tab / ‹sam› enter x …y"},
		{"switch", "g r enter tab tab tab space"},
		{"take back", "g r enter tab tab tab space u"},
		{"block", "g u / ‹sam› enter b …y"},
		{"unblock", "g u / ‹sam› enter b …y b"},
		{"a setting", "g s down enter ‹9› ctrl+s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := full(t), full(t)
			d := drive(t, config(one.db), 160, 50)
			for i, part := range strings.Split(c.keys, "…") {
				if i > 0 {
					d.pass(confirmSleeps)
				}
				open(d, part)
			}
			a := Act{Name: c.name, Database: one.path, Same: other.path, Shown: d.screen()}
			if n := len(d.app.acts); n > 0 {
				a.Command = d.app.acts[n-1].command
			}
			a.State = func(i int) []string { return state(t, []*storage.DB{one.db, other.db}[i]) }
			if strings.Contains(c.name, "take back") || c.name == "unblock" { // the other is brought to where this one was before
				if len(d.app.acts) != 2 {
					t.Fatalf("%v", d.app.acts)
				}
				a.Command = d.app.acts[0].command + "\n" + a.Command
			}
			check(t, a)
		})
	}
}

// state is what matters of a database, a line each.
func state(t *testing.T, db *storage.DB) (lines []string) {
	t.Helper()
	ctx, all := context.WithoutCancel(t.Context()), model.Page{Limit: model.MaxPage}
	tokens := must(db.Tokens(ctx, root, model.TokenQuery{Deleted: true}, all))
	for _, k := range tokens.Rows {
		if k.ExpiresOn <= model.DateOf(now) { // a command tidies up first
			continue
		}
		var description any = k.Description
		if text, ok := description.(*string); ok && text != nil {
			description = *text
		}
		lines = append(lines, fmt.Sprint("token ", k.ID, k.PlacePath, k.Name, description, k.Role, k.Scopes, k.ExpiresOn, k.RevokedAt.IsZero(), k.ReplacedBy, k.ReplacedUntil.IsZero()))
	}
	for _, p := range must(db.Projects(ctx, root, model.PlaceQuery{}, all)).Rows {
		lines = append(lines, fmt.Sprint("project ", p.FullPath, p.Visibility))
		for _, m := range must(db.Members(ctx, root, model.Ref{Kind: model.ProjectPlace, ID: p.ID}, true, "", all)).Rows {
			if m.User.Kind != model.Bot {
				lines = append(lines, fmt.Sprint("member ", p.FullPath, m.User.Username, m.Role, m.ExpiresOn))
			}
		}
	}
	for _, g := range must(db.Groups(ctx, root, model.PlaceQuery{}, all)).Rows {
		lines = append(lines, fmt.Sprint("group ", g.FullPath, g.Visibility, g.TokenCreation))
	}
	for _, u := range must(db.Users(ctx, root, model.UserQuery{}, all)).Rows {
		if u.Kind != model.Bot {
			lines = append(lines, fmt.Sprint("user ", u.Username, u.Blocked))
		}
	}
	for _, s := range must(db.Settings(ctx, root)) {
		lines = append(lines, fmt.Sprint("setting ", s.Key, s.Value))
	}
	slices.Sort(lines)
	return lines
}

// CopyCommand copies a command after its act, and later.
func CopyCommand(t *testing.T) {
	const command = "patrol group set acme token_creation off"
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g r enter tab tab tab space").shows("≡ "+command, "y copies").keys("y")
	d.keys("down").hides("≡").keys("C").shows("Commands", command).keys("y")
	if len(d.copied) != 2 || d.copied[0] != command || d.copied[1] != command {
		t.Errorf("%q", d.copied)
	}
	for word, want := range map[string]string{"": "''", "a b": "'a b'", "it's": `'it'\''s'`, "--x=$y": "--x='$y'", "a\x1bb'": `$'a\x1bb\x27'`, "acme/web": "acme/web"} {
		if got := shellWord(word); got != want {
			t.Errorf("%q becomes %s, want %s", word, got, want)
		}
	}
}
