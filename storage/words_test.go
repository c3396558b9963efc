package storage

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"patrol/model"
)

// namesAlike are what stands between the words of the tests' tokens.
var namesAlike = []string{"deploy", "Релиз", "ci \"mirror\"", "100%", "a_b", "ÄRGER"}

// wordsFleet makes tokens by bulk, n of them, with names of all alike, and one
// by one the last few, which the index doesn't know.
func wordsFleet(t *testing.T, n int) (*DB, []model.Token) {
	t.Helper()
	db := open(t, Options{})
	projects := []model.Project{addProject(t, db, "acme/web"), addProject(t, db, "labs/deployments")}
	err := db.change(t.Context(), root, func(x *tx) error {
		for i := range n {
			p := projects[i%50/49]
			digest := sha256.Sum256([]byte(strconv.Itoa(i)))
			bot, err := x.insert(`INSERT INTO users (kind, username, name, created_at) VALUES (2, ?, 'bot', 0)`, fmt.Sprintf("project_%d_bot_%08x", p.ID, i*7919))
			if err != nil {
				return err
			}
			if _, err := x.insert(`INSERT INTO members (user_id, project_id, role, created_at, creator_id) VALUES (?, ?, 30, 0, 1)`, bot, p.ID); err != nil {
				return err
			}
			_, err = x.insert(`INSERT INTO tokens (kind, user_id, project_id, name, scopes, digest, creator_id, created_at, expires_on)
				VALUES ('project', ?, ?, ?, 'api', ?, 1, 0, '2099-01-01')`, bot, p.ID, fmt.Sprintf("%s %04d", namesAlike[i%len(namesAlike)], i), digest[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if more, err = db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	addToken(t, db, root, projects[0].Ref(), "deploy, the newest")
	var tokens []model.Token
	for page := (model.Page{Limit: model.MaxPage}); ; {
		list, err := db.Tokens(t.Context(), root, model.TokenQuery{}, page)
		if err != nil {
			t.Fatal(err)
		}
		if tokens = append(tokens, list.Rows...); list.Next == "" {
			return db, tokens
		}
		page.After = list.Next
	}
}

// A word finds what a look at every token finds, without case in every script,
// whether few hold it or most, by the index, behind it and before it is made;
// and the count is the number of rows.
func TestWords(t *testing.T) {
	holds := func(text string, in ...string) bool {
		return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(text)) })
	}
	plain := func(token model.Token, text string) bool {
		return holds(text, token.Name, token.User.Username, token.PlacePath)
	}
	db, tokens := wordsFleet(t, 3*wordsFew)
	for made, upTo := range map[string]int{"made": 3 * wordsFew, "behind": wordsFew, "being made": -2 * wordsBehind} {
		if err := db.change(t.Context(), root, func(x *tx) error { return x.exec(setWordsUpTo, upTo) }); err != nil {
			t.Fatal(err)
		}
		for line, fits := range map[string]func(model.Token) bool{
			"deploy":                      func(x model.Token) bool { return plain(x, "deploy") },
			"DEPLOY":                      func(x model.Token) bool { return plain(x, "deploy") },
			"newest":                      func(x model.Token) bool { return plain(x, "newest") },
			"ployde":                      func(x model.Token) bool { return false },
			"1234":                        func(x model.Token) bool { return plain(x, "1234") },
			"релиз":                       func(x model.Token) bool { return holds("релиз", x.Name) },
			"Релиз":                       func(x model.Token) bool { return holds("релиз", x.Name) },
			"ärger":                       func(x model.Token) bool { return holds("ärger", x.Name) },
			`"""mirror"""`:                func(x model.Token) bool { return holds(`"mirror"`, x.Name) },
			"100%":                        func(x model.Token) bool { return holds("100%", x.Name) },
			"a_b":                         func(x model.Token) bool { return holds("a_b", x.Name) },
			"ab":                          func(x model.Token) bool { return plain(x, "ab") },
			"web":                         func(x model.Token) bool { return plain(x, "web") },
			"labs/deploy":                 func(x model.Token) bool { return plain(x, "labs/deploy") },
			"project":                     func(x model.Token) bool { return plain(x, "project") },
			"project_2_bot_0":             func(x model.Token) bool { return plain(x, "project_2_bot_0") },
			"1234,newest":                 func(x model.Token) bool { return plain(x, "1234") || plain(x, "newest") },
			"12 1234":                     func(x model.Token) bool { return plain(x, "12") && plain(x, "1234") },
			"-deploy":                     func(x model.Token) bool { return !plain(x, "deploy") },
			"-deploy 123":                 func(x model.Token) bool { return !plain(x, "deploy") && plain(x, "123") },
			"bot:_bot_000 role:developer": func(x model.Token) bool { return holds("_bot_000", x.User.Username) },
			"project:s/deploy,nothing":    func(x model.Token) bool { return holds("labs", x.PlacePath) },
			"релиз project:labs":          func(x model.Token) bool { return holds("релиз", x.Name) && holds("labs", x.PlacePath) },
		} {
			f, err := model.ParseFilter(line)
			if err != nil {
				t.Fatal(err)
			}
			var want []int64
			for _, token := range tokens {
				if fits(token) {
					want = append(want, token.ID)
				}
			}
			for _, sort := range []model.TokenSort{model.ByID, model.ByExpiry, model.ByName} {
				list, err := db.Tokens(t.Context(), root, model.TokenQuery{Filter: f, Sort: sort}, model.Page{Limit: model.MaxPage, Count: true})
				if err != nil {
					t.Fatal(err)
				}
				if total := min(len(want), model.CountLimit+1); list.Total != total || len(list.Rows) != min(total, model.MaxPage) {
					t.Errorf("%s (%s, sort %d): %d rows, counted %d, want %d", line, made, sort, len(list.Rows), list.Total, len(want))
				}
				for _, row := range list.Rows {
					if !slices.Contains(want, row.ID) {
						t.Errorf("%s: found %q of %s in %s", line, row.Name, row.User.Username, row.PlacePath)
					}
				}
			}
		}
	}
}

// A41: a search of the API looks at names only.
func TestWordsOfNames(t *testing.T) {
	db, _ := wordsFleet(t, 100)
	for text, want := range map[string]int{"newest": 1, "РЕЛИЗ": 17, "project_": 0, "web": 0, "": 101} {
		list, err := db.Tokens(t.Context(), root, model.TokenQuery{Search: text}, model.Page{Count: true})
		if err != nil || list.Total != want {
			t.Errorf("%q: %d, %v", text, list.Total, err)
		}
	}
}
