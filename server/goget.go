package server

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"patrol/model"
	"patrol/server/door"
)

// isGoGet tells whether the go command asks which repository a package is in.
func isGoGet(r *http.Request) bool {
	return strings.Contains(r.URL.RawQuery, "go-get=1") && (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Query().Get("go-get") == "1"
}

// goGet answers the go command: a package is in the project that the longest
// part of its path names and that the caller sees. Where there is none, the first
// two parts are taken for one, whatever is there: nobody learns what exists (R35),
// and Git's door says no.
func (c *gitCall) goGet() {
	c.Door = model.GitDoor
	path, err := url.PathUnescape(strings.Trim(c.Path, "/"))
	parts := strings.Split(path, "/")
	if err != nil || len(parts) < 2 || !utf8.ValidString(path) {
		c.Plain(http.StatusNotFound, "Not Found")
		return
	}
	if _, secret, ok := c.R.BasicAuth(); ok {
		if err := c.Identify(c.Context, model.NewSecret(secret)); err != nil {
			c.failed(err)
			return
		}
	}
	project, err := c.goProject(parts)
	if err != nil {
		c.failed(err)
		return
	}
	base := c.Base()
	prefix, repository := base.Host+base.EscapedPath()+"/"+project, c.Link(project)+".git"
	c.W.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
	c.W.Header()["Cache-Control"] = []string{"private, no-store"} // it depends on who asks
	c.W.WriteHeader(http.StatusOK)
	fmt.Fprintf(c.W, "<html><head><meta name=\"go-import\" content=\"%s git %s\"></head><body>go get %[1]s</body></html>\n",
		html.EscapeString(prefix), html.EscapeString(repository))
}

// goProject is the project's part of a package's path, as the client wrote it.
func (c *gitCall) goProject(parts []string) (string, error) {
	asked := strings.Join(parts[:min(len(parts), model.MaxDepth+1)], "/")
	c.Asked = door.Fetching.Asked + asked
	if err := c.Admit(door.Fetching.Access); err != nil && c.Pass.Caller.Kind != model.Nobody {
		c.Refused(err)
		return strings.Join(parts[:2], "/"), nil
	}
	for path := asked; strings.Contains(path, "/"); path, _ = model.SplitPath(path) {
		_, err := c.s.Store.Enter(c.Context, c.Pass.Caller, door.Fetching.Access, model.SeeProject, door.ProjectAt(path))
		if err == nil {
			c.Used()
			return path, nil
		}
		if !door.IsRefusal(err) {
			return "", err
		}
	}
	return strings.Join(parts[:2], "/"), nil
}
