package server

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// A41: each filter and each order.
func TestListTokens(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("acme/other", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	w.bot("acme/other", model.Guest, model.ScopeAPI)
	at := func(day int) time.Time { return time.Date(2026, 11, day, 12, 0, 0, 0, time.UTC) }
	ids := map[string]int64{}
	for i, name := range []string{"b", "A", "c", "Deploy"} {
		w.setClock(at(10 + i))
		made, err := w.db.CreateToken(context.Background(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: name,
			Scopes: model.Scopes{model.ScopeAPI}, Role: model.Guest, ExpiresOn: model.DateOf(at(20 + 5*i))})
		ids[name] = w.keep(do(w, made, err)).ID
		if name == "c" || name == "A" {
			w.db.Used(made.ID, model.APIDoor, "192.0.2.7")
		}
	}
	w.await("both uses are written", func() bool {
		got, err := w.db.Tokens(context.Background(), root, model.TokenQuery{LastUsedAfter: at(1)}, model.Page{})
		return err == nil && len(got.Rows) == 2
	})
	w.setClock(at(22)) // b, of the 20th, has expired

	for query, want := range map[string]string{
		"":                                   "b A c Deploy",
		"state=active":                       "A c Deploy",
		"state=inactive":                     "b",
		"revoked=false":                      "b A c Deploy",
		"revoked=true":                       "",
		"revoked=0":                          "b A c Deploy",
		"search=":                            "b A c Deploy",
		"search=DEP":                         "Deploy",
		"search=%25":                         "",
		"created_after=2026-11-11T12:00:00Z": "A c Deploy",
		"created_before=2026-11-11T12:00:00.000Z":              "b A",
		"created_after=2026-11-12":                             "c Deploy",
		"expires_after=2026-11-25":                             "A c Deploy",
		"expires_before=2026-11-25":                            "b",
		"last_used_after=2026-11-12T12:00:00Z":                 "c",
		"last_used_before=2026-11-12T12:00:00Z":                "A c",
		"state=active&search=c":                                "c",
		"sort=created_asc":                                     "b A c Deploy",
		"sort=created_desc":                                    "Deploy c A b",
		"sort=expires_asc":                                     "b A c Deploy",
		"sort=expires_desc":                                    "Deploy c A b",
		"sort=last_used_asc":                                   "A c Deploy b",
		"sort=last_used_desc":                                  "c A Deploy b",
		"sort=name_asc":                                        "A b c Deploy",
		"sort=name_desc":                                       "Deploy c b A",
		"sort=nonsense":                                        "b A c Deploy",
		"sort[]=name_asc&unknown=1":                            "b A c Deploy",
		"created_after=&expires_before=&revoked=&page=":        "b A c Deploy",
		"pagination=keyset&order_by=id&sort=desc&per_page=100": "Deploy c A b",
		"per_page=2&page=2":                                    "c Deploy",
		"page=9":                                               "",
	} {
		got := w.ask("GET", tokensOfWeb+"?"+query, token(mona))
		var names []string
		for _, row := range got.list(t) {
			names = append(names, row["name"].(string))
		}
		if strings.Join(names, " ") != want {
			t.Errorf("A41: %s: %v, want %s", query, names, want)
		}
	}
	for query, want := range map[string]string{
		"state=dead":                    "state does not have a valid value",
		"state=":                        "state does not have a valid value",
		"revoked=asdf":                  "revoked is invalid",
		"created_after=then":            "created_after is invalid",
		"expires_before=2026-02-30":     "expires_before is invalid",
		"search=%00":                    "search is invalid",
		"search=%ff":                    "search is invalid",
		"search[]=x":                    "search is invalid",
		"page=x":                        "page is invalid",
		"per_page=1.5":                  "per_page is invalid",
		"per_page=0":                    "per_page has a value not allowed",
		"state=x&revoked=y&per_page=z":  "state does not have a valid value, revoked is invalid, per_page is invalid",
		"pagination=keyset&sort=upward": "sort does not have a valid value",
	} {
		w.expect("A41, A30: "+query, w.ask("GET", tokensOfWeb+"?"+query, token(mona)), 400, `{"error":"`+want+`"}`)
	}
	w.expect("A34", w.ask("GET", tokensOfWeb+"?pagination=keyset&order_by=name", token(mona)), 405,
		`{"error":"Keyset pagination is not yet available for this type of request"}`)
	if got := w.ask("GET", tokensOfWeb+"?pagination=keyset&cursor=nonsense", token(mona)); got.status != 400 {
		t.Errorf("A34: %d %s", got.status, got.body)
	}
	w.setClock(at(13)) // addresses go after a week
	if got := w.ask("GET", fmt.Sprint(tokensOfWeb, "/", ids["A"]), token(mona)).object(t); !reflect.DeepEqual(got["last_used_ips"], []any{"192.0.2.7"}) || got["last_used_at"] != "2026-11-11T12:00:00.000Z" {
		t.Errorf("R95: %v %v", got["last_used_ips"], got["last_used_at"])
	}
}

// A30 to A34: the headers of pages.
func TestPages(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.URL = "https://patrol.example/git" })
	w.project("acme/web", model.Private)
	for range 5 {
		w.bot("acme/web", model.Guest, model.ScopeAPI)
	}
	mona := w.caller("mona", "acme/web", model.Maintainer)
	const path = "/git/api/v4/projects/1/access_tokens"
	const link = "<https://patrol.example" + path + "?page=%d&per_page=2%s>; rel=\"%s\""
	headers := []string{"X-Page", "X-Per-Page", "X-Next-Page", "X-Prev-Page", "X-Total", "X-Total-Pages", "Link"}
	for query, want := range map[string][]string{
		"":                     {"1", "20", "", "", "5", "1", ""},
		"per_page=2&page=2":    {"2", "2", "3", "1", "5", "3", fmt.Sprintf(link+", "+link+", "+link+", "+link, 1, "", "prev", 3, "", "next", 1, "", "first", 3, "", "last")},
		"per_page=2&page=3":    {"3", "2", "", "2", "5", "3", fmt.Sprintf(link+", "+link+", "+link, 2, "", "prev", 1, "", "first", 3, "", "last")},
		"per_page=2&page=0":    {"1", "2", "2", "", "5", "3", ""},
		"per_page=200":         {"1", "100", "", "", "5", "1", ""},
		"per_page=-5":          {"1", "20", "", "", "5", "1", ""},
		"page=7":               {"7", "20", "", "6", "5", "1", ""},
		"per_page=2&search=no": {"1", "2", "", "", "0", "1", fmt.Sprintf(link+", "+link, 1, "&search=no", "first", 1, "&search=no", "last")},
		"per_page=2&search=no&private_token=" + mona + "&private_token[]=" + mona: {"1", "2", "", "", "0", "1", fmt.Sprintf(link+", "+link, 1, "&search=no", "first", 1, "&search=no", "last")},
		"per_page=100&page=500": {"500", "100", "", "499", "5", "1", ""},
	} {
		got := w.ask("GET", path+"?"+query, token(mona))
		if got.status != 200 {
			t.Errorf("A30: %s: %d %s", query, got.status, got.body)
		}
		for i, key := range headers {
			values, there := got.header[key]
			if key == "Link" && want[i] == "" {
				continue
			}
			if !there || values[0] != want[i] {
				t.Errorf("A31: %s: %s: %q, want %q", query, key, values, want[i])
			}
		}
	}
	t.Run("too far", func(t *testing.T) { // each page costs all the rows before it
		for _, query := range []string{"page=99999999999999999999", "per_page=100&page=501"} {
			w.expect("A30: "+query, w.ask("GET", path+"?"+query, token(mona)), 405, `{"error":"Offset pagination has a maximum allowed offset of 50000 for requests `+
				`that return objects of type PersonalAccessToken. Remaining records can be retrieved using keyset pagination."}`)
		}
		if got := w.ask("GET", "/git/api/v4/projects/1/members?page=99999999999999999999", token(mona)); got.status != 200 || got.header.Get("X-Page") != "2147483647" {
			t.Errorf("A30: a list without keyset: %d %v", got.status, got.header)
		}
	})
	t.Run("from the body", func(t *testing.T) { // A2, A32
		for _, shown := range [][]string{{token(mona), jsonBody, `{"per_page":2,"search":"no","revoked":false,"state":null}`},
			{"Content-Type: application/x-www-form-urlencoded", "per_page=2&search=no&revoked=false&private_token=" + mona}} {
			got := w.ask("GET", path+"?search=yes&list[]=a&list[]=b", shown...).header.Get("Link")
			const kept = "list%5B%5D=a&list%5B%5D=b&page=1&per_page=2&revoked=false&search=no"
			if want := "<https://patrol.example" + path + "?" + kept + `>; rel="first"`; !strings.HasPrefix(got, want) {
				t.Errorf("A32: %s", got)
			}
		}
	})
	t.Run("keyset", func(t *testing.T) {
		var ids []float64
		for next := path + "?pagination=keyset&order_by=id&sort=asc&per_page=2"; next != ""; {
			got := w.ask("GET", next, token(mona))
			for _, row := range got.list(t) {
				ids = append(ids, row["id"].(float64))
			}
			if got.header["X-Page"] != nil || got.header["X-Total"] != nil {
				t.Errorf("A34: %v", got.header)
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<https://patrol.example"), `>; rel="next"`)
		}
		if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 5 {
			t.Errorf("A34: %v", ids)
		}
	})
	t.Run("without an address of its own", func(t *testing.T) { // A32
		w.serve()
		got := w.ask("GET", "/api/v4/projects/1/access_tokens?per_page=2", token(mona), "Host: git.example:81", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https")
		if link := got.header.Get("Link"); !strings.HasPrefix(link, "<http://git.example:81/api/v4/") || strings.Contains(link, "evil") {
			t.Errorf("A32, G100: %s", link)
		}
	})
}
