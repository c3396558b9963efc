package rest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"patrol/model"
	"patrol/server/door"
	"patrol/storage"
	"patrol/storage/storagetest"
)

// served is an API on a store of its own, and what its handlers read.
type served struct {
	*testing.T
	db    *storage.DB
	house *door.House
	api   *API
	read  map[string]bool
}

func serve(t *testing.T) *served {
	t.Helper()
	db, err := storagetest.Open(t.Context(), storage.Options{Path: filepath.Join(t.TempDir(), "patrol.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &served{T: t, db: db, api: (&API{Store: db, Revision: "test"}).Open(), read: map[string]bool{}}
	s.house = (&door.House{Store: db, Log: slog.New(slog.DiscardHandler)}).Open()
	s.api.asked = func(name string) { s.read[name] = true }
	return s
}

// ask sends a request to an endpoint as an administrator, with a token that is
// used this once: some endpoints end it.
func (s *served) ask(e *model.Endpoint, body map[string]any) *httptest.ResponseRecorder {
	s.Helper()
	made, err := s.db.CreateToken(s.Context(), model.Actor{UserID: model.RootID, Door: model.CLIDoor},
		model.NewToken{UserID: model.RootID, Name: "once", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		s.Fatal(err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	path := strings.NewReplacer(":name", model.FeatureName, ":package_name", "tool", ":package_version", "1", ":file_name", "tool.tar", ":package_id", "4711", ":file_path", "README.md", ":sha", "4711", ":token_id", "4711", ":user_id", "4711", ":iid", "4711", ":id", "4711").Replace(e.Route)
	if operations()[e.Method+" "+e.Route].uploads {
		query := url.Values{}
		for name, value := range body {
			query.Set(name, fmt.Sprint(value))
		}
		path += "?" + query.Encode()
	}
	return s.send(e.Method, path, string(text), "Private-Token", made.Secret.Reveal())
}

func (s *served) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/v4"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.house.Serve(w, r, func(q *door.Request) { s.api.Serve(q, strings.TrimPrefix(q.Path, "/api")) })
	return w
}

// without are parameters that some handlers read only beside others.
var without = map[string][]map[string]any{
	"POST /user/runners": {
		{"runner_type": "project_type", "project_id": 4711}, {"runner_type": "group_type", "group_id": 4711}},
	"POST /features/:name": {{"value": "true"}},
}

// bodies are requests that together make a handler read all that it reads.
func bodies(e *model.Endpoint) []map[string]any {
	return append([]map[string]any{{}, {"pagination": "keyset", "order_by": "id"}}, without[e.Method+" "+e.Route]...)
}

// What each handler reads is what the document names, all of it and nothing else.
func TestParameters(t *testing.T) {
	s := serve(t)
	for i := range model.Endpoints {
		e := &model.Endpoints[i]
		name := e.Method + " " + e.Route
		all := map[string]bool{}
		for _, body := range bodies(e) {
			clear(s.read)
			if answer := s.ask(e, body); answer.Code == http.StatusMethodNotAllowed {
				continue // keyset where there is none (A34): what was read counts for nothing
			}
			maps.Copy(all, s.read)
		}
		for _, p := range operations()[name].reads {
			if !all[p.name] {
				t.Errorf("%s: the document has the parameter %s, which isn't read", name, p.name)
			}
			delete(all, p.name)
		}
		for _, read := range slices.Sorted(maps.Keys(all)) {
			t.Errorf("%s: the parameter %s is read, and isn't in the document", name, read)
		}
	}
}

// probe is a value that a parameter can have, one that it can't, and what its
// handler says of that.
func probe(p parameter) (good, bad any, says string) {
	kind, _ := p.schema["type"].(string)
	if kinds, ok := p.schema["type"].([]string); ok {
		kind = kinds[0]
	}
	values, listed := p.schema["enum"].([]string)
	switch {
	case listed:
		return values[0], "nonsense", p.name + " does not have a valid value"
	case p.schema["format"] != nil:
		return "2031-01-31", "nonsense", p.name + " is invalid"
	case kind == "integer":
		return 50, "nonsense", p.name + " is invalid"
	case kind == "boolean":
		return true, "nonsense", p.name + " is invalid"
	}
	return nil, map[string]any{}, p.name + " is invalid"
}

// unchecked are parameters whose values the contract lets pass, or judges later.
func unchecked(name string, p parameter) bool {
	switch {
	case p.name == "sort" && p.schema["enum"] == nil, // A41: anything else is ignored
		p.schema["type"] == nil: // A145: refused whatever it is
		return true
	}
	return p.name == "value" && name == "POST /features/:name" // several types
}

// The document says of each parameter what its handler says: its type, which
// values it may have, and whether it must be there (A23).
func TestParameterTypes(t *testing.T) {
	s := serve(t)
	for i := range model.Endpoints {
		e := &model.Endpoints[i]
		name := e.Method + " " + e.Route
		op := operations()[name]
		if len(op.reads) == 0 {
			continue
		}
		missing := s.ask(e, nil).Body.String()
		for _, p := range op.reads {
			if said := strings.Contains(missing, p.name+" is missing"); said != p.required {
				t.Errorf("A23: %s: %s: the document says required %v; the handler says %s", name, p.name, p.required, missing)
			}
			if unchecked(name, p) {
				continue
			}
			good, bad, want := probe(p)
			if good == nil && p.schema["type"] == "string" {
				good = "any text"
			}
			said := func(value any, want string) (heard bool, answers []string) {
				for _, body := range bodies(e) {
					body = maps.Clone(body)
					body[p.name] = value
					answer := s.ask(e, body).Body.String()
					heard, answers = heard || strings.Contains(answer, want), append(answers, answer)
				}
				return heard, answers
			}
			if heard, answers := said(bad, want); !heard && p.name != "order_by" && p.name != "cursor" { // a page by number, or only the one of both
				t.Errorf("A23: %s: %s = %v: the handler doesn't say %q but %q", name, p.name, bad, want, answers)
			}
			for _, refusal := range []string{p.name + " is invalid", p.name + " does not have a valid value"} {
				if heard, answers := said(good, refusal); heard && good != nil && p.name != "order_by" {
					t.Errorf("A23: %s: %s = %v, which the document allows: %q", name, p.name, good, answers)
				}
			}
		}
	}
}

// The document is model's table, every row of it and nothing else, and says of
// each row what model says.
func TestDocument(t *testing.T) {
	if len(operations()) != len(model.Endpoints) {
		t.Errorf("%d operations for %d endpoints", len(operations()), len(model.Endpoints))
	}
	s := serve(t)
	answer := s.send("GET", "/openapi.json", "")
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", answer.Code, answer.Header())
	}
	var d struct {
		Paths map[string]map[string]struct {
			ID       string                `json:"operationId"`
			Summary  string                `json:"summary"`
			Rule     string                `json:"x-patrol-rule"`
			Scopes   []string              `json:"x-patrol-scopes"`
			Security []map[string][]string `json:"security"`
		}
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	rows := 0
	ids := map[string]bool{}
	for _, methods := range d.Paths {
		rows += len(methods)
	}
	if rows != len(model.Endpoints) {
		t.Errorf("%d operations in the document for %d endpoints", rows, len(model.Endpoints))
	}
	for _, e := range model.Endpoints {
		got, ok := d.Paths[templated(e.Route)][strings.ToLower(e.Method)]
		switch {
		case !ok:
			t.Errorf("%s %s isn't in the document", e.Method, e.Route)
		case got.ID == "" || ids[got.ID] || got.Summary == "" || got.Rule == "":
			t.Errorf("%s %s: %+v", e.Method, e.Route, got)
		case strings.Join(got.Scopes, " ") != e.Access.Scopes().String():
			t.Errorf("A22: %s %s: scopes %v, want %v", e.Method, e.Route, got.Scopes, e.Access.Scopes())
		case slices.ContainsFunc(got.Security, func(one map[string][]string) bool { return len(one) == 0 }) == e.User:
			t.Errorf("A27: %s %s: %v", e.Method, e.Route, got.Security)
		}
		ids[got.ID] = true
	}
}

// Who has this version of the document is told so; no credentials are looked at.
func TestDocumentCached(t *testing.T) {
	s := serve(t)
	first := s.send("GET", "/openapi.json", "", "Private-Token", "glpat-nonsense")
	tag := first.Header().Get("Etag")
	if first.Code != http.StatusOK || tag == "" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	for _, c := range []struct {
		method, known string
		want          int
	}{
		{"GET", tag, 304}, {"HEAD", "W/" + tag, 304}, {"GET", `"other", ` + tag, 304}, {"GET", "*", 304}, {"GET", `"other"`, 200}, {"POST", "", 405},
	} {
		if got := s.send(c.method, "/openapi.json", "", "If-None-Match", c.known); got.Code != c.want || c.want == 304 && got.Body.Len() != 0 {
			t.Errorf("%s with %s: %d, want %d", c.method, c.known, got.Code, c.want)
		}
	}
}
