package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// requestType is the content type of a POST to a service (G4).
func requestType(s *door.Service) string { return "application/x-" + string(s.Name) + "-request" }

// G3's and G5's texts; door has G11's.
const (
	textNoCommand = "The command you're trying to execute is not allowed."
	textLFS       = `{"message":"Git LFS is not enabled on this server"}`
)

// gitRoute is what an address below a repository asks for.
type gitRoute struct {
	project string // full path, as the client wrote it
	file    string // below the repository: "info/refs", "git-upload-pack", …
	bare    bool   // without ".git" (G2)
}

// parseGitPath reads an address, still URL-encoded: G1's routes, "info/refs"
// without .git, LFS, and any other file of a repository.
func parseGitPath(path string) (g gitRoute, ok bool) {
	for _, file := range []string{"info/refs", string(git.UploadPack), string(git.ReceivePack)} {
		if g.project, ok = strings.CutSuffix(path, "/"+file); ok {
			g.file = file
			break
		}
	}
	if !ok {
		if g.project, g.file, ok = strings.Cut(path, ".git/"); !ok {
			return g, false
		}
		g.project += ".git"
	}
	g.project, ok = strings.CutSuffix(g.project, ".git")
	g.bare = !ok
	project, err := url.PathUnescape(strings.TrimPrefix(g.project, "/"))
	if err != nil || project == "" || g.file == "" || strings.HasPrefix(project, "/") {
		return g, false
	}
	g.project = project
	return g, !g.bare || g.file == "info/refs"
}

// gitCall is a request for a repository.
type gitCall struct {
	*door.Request
	s *Server
}

// serve answers Git's addresses, and 404 for all others.
func (c *gitCall) serve() {
	c.Door = model.GitDoor
	g, ok := parseGitPath(c.Path)
	switch {
	case !ok || g.bare && c.R.Method != http.MethodGet:
		c.Plain(http.StatusNotFound, "Not Found")
	case g.bare:
		c.redirect()
	case g.file == "info/refs":
		c.answerRefs(g.project)
	case door.ServiceNamed(g.file) != nil:
		c.command(g.project, door.ServiceNamed(g.file))
	case strings.HasPrefix(g.file, "info/lfs/"):
		if _, ok := c.enter(g.project, door.Fetching); ok { // G5
			c.W.Header().Set("Content-Type", "application/vnd.git-lfs+json")
			c.W.WriteHeader(http.StatusNotFound)
			c.W.Write([]byte(textLFS))
		}
	default:
		c.Plain(http.StatusNotFound, "Not Found")
	}
}

// redirect is G2. The path can't begin with two slashes, so that it never
// leads to another host.
func (c *gitCall) redirect() {
	to := c.House.Prefix() + strings.TrimSuffix(c.Path, "/info/refs") + ".git/info/refs"
	if c.R.URL.RawQuery != "" {
		to += "?" + c.R.URL.RawQuery
	}
	c.W.Header().Set("Location", to)
	c.Plain(http.StatusMovedPermanently, "Moved Permanently")
}

// answerRefs answers info/refs (G1, G3).
func (c *gitCall) answerRefs(project string) {
	switch c.R.Method {
	case http.MethodGet:
	case http.MethodHead:
		c.W.WriteHeader(http.StatusForbidden)
		return
	default:
		c.W.Header().Set("Allow", "GET")
		c.Plain(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	service := door.ServiceNamed(c.R.URL.Query().Get("service"))
	if service == nil {
		if c.known(project, nil) {
			c.Plain(http.StatusForbidden, textNoCommand)
		}
		return
	}
	if e, ok := c.enter(project, service); ok {
		c.advertise(service, e)
	}
}

// command answers the POST that follows (G1, G4, G21).
func (c *gitCall) command(project string, service *door.Service) {
	if c.R.Method != http.MethodPost {
		c.W.Header().Set("Allow", "POST")
		c.Plain(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	e, ok := c.enter(project, service)
	if !ok {
		return
	}
	encoding := c.R.Header.Get("Content-Encoding")
	switch {
	case c.R.Header.Get("Content-Type") != requestType(service):
		c.Plain(http.StatusUnsupportedMediaType, "The content type must be "+requestType(service)+".")
	case encoding != "" && encoding != "gzip":
		c.Plain(http.StatusUnsupportedMediaType, "The content encoding must be gzip, or none.")
	default:
		c.exchange(service, e, encoding == "gzip")
	}
}

// known takes G11's steps 2 and 3: credentials are there, live, and their
// owner isn't blocked. Without any, only a public project can be fetched;
// service nil is what isn't one of the two, and counts as door.Fetching. If not ok,
// it has answered.
func (c *gitCall) known(project string, service *door.Service) (ok bool) {
	if service == nil {
		service = door.Fetching
	}
	c.Asked = service.Asked + project
	if c.R.Header.Get("Authorization") == "" {
		if service == door.Pushing {
			return c.denied()
		}
		_, err := c.s.Store.Enter(c.Context, model.Caller{}, door.Fetching.Access, door.Fetching.Action, door.ProjectAt(project))
		switch {
		case err == nil:
			return true
		case door.IsRefusal(err):
			return c.denied()
		}
		return c.failed(err)
	}
	user, secret, ok := c.R.BasicAuth()
	if !ok || strings.TrimSpace(user) == "" || secret == "" { // G10
		return c.denied()
	}
	if err := c.Identify(c.Context, model.NewSecret(secret)); err != nil {
		return c.failed(err)
	}
	if err := c.Admit(model.NoAccess); err != nil {
		c.Refused(err)
		return c.denied()
	}
	return true
}

// enter takes all of G11's steps. If not ok, it has answered.
func (c *gitCall) enter(project string, service *door.Service) (e model.Entrance, ok bool) {
	if !c.known(project, service) {
		return e, false
	}
	e, no, err := c.EnterRepository(c.Context, project, service)
	switch {
	case err != nil:
		return e, c.failed(err)
	case no != nil:
		if no.Reason != nil {
			c.Reason(no.Reason)
		}
		c.Plain(no.Status, no.Text)
		return e, false
	}
	c.Used()
	return e, true
}

// denied is G12: the same for whatever is wrong with the credentials.
func (c *gitCall) denied() (ok bool) {
	c.W.Header().Set("WWW-Authenticate", `Basic realm="GitLab"`)
	c.Plain(http.StatusUnauthorized, door.TextAccessDenied)
	return false
}

// failed answers what isn't a decision: busy, read-only (R174), broken.
func (c *gitCall) failed(err error) (ok bool) {
	status := c.Failed(err)
	text := http.StatusText(status)
	if errors.Is(err, model.ErrReadOnly) {
		text = err.Error()
	}
	c.Plain(status, text)
	return false
}

// takeSlot waits for leave to start a Git process (G30). If not ok, it has
// answered.
func (c *gitCall) takeSlot() (ok bool) {
	if c.s.Git.Take(c.Context, c.Address) {
		return true
	}
	c.W.Header().Set("Retry-After", "5")
	c.Plain(http.StatusServiceUnavailable, door.TextNoSlot)
	return false
}
