package server

import (
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// R35: go get learns in which project a package is, of those that the caller sees;
// of what he doesn't, no more than that its path has two parts.
func TestGoGet(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.URL = "https://git.example.org/code" })
	w.project("acme/deep/er/mod", model.Private)
	w.project("acme/web", model.Private)
	w.project("free/deep/mod", model.Public)
	reads := w.bot("acme/deep/er/mod", model.Reporter, model.ScopeReadRepository).Secret.Reveal()
	other := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	scopeless := w.bot("acme/deep/er/mod", model.Reporter, model.ScopeReadRegistry).Secret.Reveal()
	for _, c := range []struct{ path, secret, project string }{
		{"acme/deep/er/mod", reads, "acme/deep/er/mod"},
		{"ACME/deep/er/mod", reads, "ACME/deep/er/mod"}, // the import path is as it was asked for
		{"acme/deep/er/mod/pkg/sub/", reads, "acme/deep/er/mod"},
		{"acme/deep/er/mod", "", "acme/deep"},
		{"acme/deep/er/mod", other, "acme/deep"},
		{"acme/deep/er/mod", scopeless, "acme/deep"},
		{"acme/deep/er/mod", "glpat-AAAAAAAAAAAAAAAAAAAA", "acme/deep"},
		{"acme/deep/er/nope", reads, "acme/deep"},
		{"acme/deep/er/nope", "", "acme/deep"},
		{"acme/web/x", other, "acme/web"},
		{"acme/web/x", "", "acme/web"},
		{"nobody/nothing/x", "", "nobody/nothing"},
		{"free/deep/mod/v2", "", "free/deep/mod"},
		{"free/deep/mod" + strings.Repeat("/x", 300), "", "free/deep/mod"},
	} {
		got := w.git("GET", "/code/"+c.path+"?go-get=1", "any", c.secret)
		want := fmt.Sprintf("<html><head><meta name=\"go-import\" content=\"git.example.org/code/%s git https://git.example.org/code/%[1]s.git\"></head><body>go get git.example.org/code/%[1]s</body></html>\n", c.project)
		w.expect("go-get "+c.path, got, 200, want)
		if h := got.header.Get("Content-Type"); h != "text/html; charset=utf-8" {
			t.Errorf("%s", h)
		}
	}
	evil := w.ask("GET", "/code/a/%22%3e%3cscript%3e%27&amp;%0a?go-get=1")
	if evil.status != 200 || strings.Count(evil.body, "<") != 7 || strings.Count(evil.body, `"`) != 4 {
		t.Errorf("what is asked for is more than text: %s", evil.body)
	}
	for path, status := range map[string]int{"/code/acme?go-get=1": 404, "/code/?go-get=1": 404, "/code/a/%ff?go-get=1": 404, "/code/acme/web": 404, "/code/acme/web?go-get=0": 404, "/code/acme/web?xgo-get=1": 404, "/acme/web?go-get=1": 404} {
		if got := w.ask("GET", path); got.status != status {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := w.ask("POST", "/code/acme/web?go-get=1"); got.status != 404 {
		t.Errorf("POST: %d", got.status)
	}
	w.hears("path=/code/acme/deep/er/mod status=200")
}
