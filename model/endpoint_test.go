package model

import (
	"slices"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		method, path string
		action       Action
		methods      string
	}{
		{"GET", "projects/1/access_tokens", ListTokens, "GET POST"},
		{"HEAD", "projects/acme%2Fweb/access_tokens", ListTokens, "GET POST"}, // A8
		{"POST", "projects/1/access_tokens", CreateToken, "GET POST"},
		{"DELETE", "projects/1/access_tokens/7", RevokeToken, "GET DELETE"},
		{"GET", "projects/1", SeeProject, "GET"},
		{"DELETE", "personal_access_tokens/self", RevokeSelf, "GET DELETE"},
	} {
		e, methods := Match(c.method, strings.Split(c.path, "/"))
		for _, m := range strings.Fields(c.methods) {
			if !slices.Contains(methods, m) {
				t.Errorf("%s: %s, want %s", c.path, methods, c.methods)
			}
		}
		if e == nil || e.Action != c.action {
			t.Errorf("%s %s: %v", c.method, c.path, e)
		}
	}
}

// A8: a known route with another verb allows some; an unknown one allows none.
func TestMatchRefuses(t *testing.T) {
	for path, known := range map[string]bool{
		"version":                      true,
		"personal_access_tokens/self":  true,
		"projects/1/access_tokens/7":   true,
		"version/":                     false,
		"version/x":                    false,
		"":                             false,
		"projects//access_tokens":      false,
		"projects/1/access_tokens/":    false,
		"projects/1/access_tokens/7/x": false,
		"projects/a/b/access_tokens":   false,
		"%2e%2e/version":               false,
		"Version":                      false,
	} {
		e, methods := Match("BREW", strings.Split(path, "/"))
		if e != nil || known != (len(methods) > 0) {
			t.Errorf("%q: %v, %s", path, e, methods)
		}
	}
	if e, methods := Match("GET", nil); e != nil || methods != nil {
		t.Error(e, methods)
	}
}

// Of two routes that match, the one with more fixed parts counts, whatever
// their order, and the other's methods don't.
func TestFixedBeatsAny(t *testing.T) {
	original, split := Endpoints, routes
	defer func() { Endpoints, routes = original, split }()
	for _, order := range [][]Endpoint{
		{{Method: "GET", Route: "/tokens/:id"}, {Method: "DELETE", Route: "/tokens/:id"}, {Method: "GET", Route: "/tokens/self"}},
		{{Method: "GET", Route: "/tokens/self"}, {Method: "DELETE", Route: "/tokens/:id"}, {Method: "GET", Route: "/tokens/:id"}},
	} {
		Endpoints = order
		routes = splitRoutes()
		if e, methods := Match("GET", []string{"tokens", "self"}); e == nil || e.Route != "/tokens/self" || len(methods) != 1 {
			t.Error(e, methods)
		}
		if e, methods := Match("DELETE", []string{"tokens", "self"}); e != nil || len(methods) != 1 {
			t.Error(e, methods)
		}
		if e, methods := Match("DELETE", []string{"tokens", "7"}); e == nil || len(methods) != 2 {
			t.Error(e, methods)
		}
	}
}

// What every row must say for doors and for explain to rely on it.
func TestEndpoints(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Endpoints {
		request := e.Method + " " + e.Route
		if seen[request] {
			t.Errorf("%s: twice", request)
		}
		seen[request] = true
		if !strings.HasPrefix(e.Route, "/") || strings.HasSuffix(e.Route, "/") || strings.Contains(e.Route, "//") {
			t.Errorf("%s: not a route", request)
		}
		if e.Access == NoAccess || e.Access >= accessRows {
			t.Errorf("%s: no row of R60", request)
		}
		if e.Place != NoPlace && !strings.Contains(e.Route, "/:") {
			t.Errorf("%s: no :id", request)
		}
		if found, _ := Match(e.Method, strings.Split(e.Route[1:], "/")); found == nil || found.Route != e.Route {
			t.Errorf("%s: matches %v", request, found)
		}
		// A27: what isn't said to need a user must be open to nobody on a public place.
		if !e.User && e.Method == "GET" {
			if d := Decide(Facts{Access: e.Access, Action: e.Action, Target: Target{Kind: e.Place, Visibility: Public}}); !d.Allowed {
				t.Errorf("%s: needs a user: %s", request, d.Rule)
			}
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	parts := []string{"projects", "acme%2Fweb", "access_tokens", "7"}
	for b.Loop() {
		if e, _ := Match("GET", parts); e == nil {
			b.Fatal()
		}
	}
}
