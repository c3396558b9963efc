package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"patrol/git"
	"patrol/model"
)

// gitService is one of Git's two, and what G11 says where it is refused.
type gitService struct {
	name    git.Service // as in addresses and content types
	asked   string      // in words, before the project's path
	access  model.Access
	action  model.Action
	noScope string
	noRole  string
}

var (
	fetching = &gitService{git.UploadPack, "git fetch ", model.GitFetch, model.ReadCode,
		"You are not allowed to download code.", "You are not allowed to download code from this project."}
	pushing = &gitService{git.ReceivePack, "git push ", model.GitPush, model.PushCode,
		"You are not allowed to upload code.", "You are not allowed to push code to this project."}
)

func gitServiceNamed(name string) *gitService {
	switch git.Service(name) {
	case fetching.name:
		return fetching
	case pushing.name:
		return pushing
	}
	return nil
}

func (s *gitService) requestType() string { return "application/x-" + string(s.name) + "-request" }

// The texts of G11 that both services share, and G3's.
const (
	textAccessDenied = "HTTP Basic: Access denied. The token may be wrong, expired or revoked, or the user name empty."
	textNoProject    = "The project you were looking for could not be found or you don't have permission to view it."
	textNoRepository = "A repository for this project does not exist yet."
	textNoCommand    = "The command you're trying to execute is not allowed."
	textLFS          = `{"message":"Git LFS is not enabled on this server"}`
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

// gitRoute answers what isn't REST: Git's addresses, or 404.
func (c *call) gitRoute() {
	c.door = model.GitDoor
	g, ok := parseGitPath(c.path)
	switch {
	case !ok || g.bare && c.r.Method != http.MethodGet:
		c.plain(http.StatusNotFound, "Not Found")
	case g.bare:
		c.gitRedirect()
	case g.file == "info/refs":
		c.gitAdvertise(g.project)
	case gitServiceNamed(g.file) != nil:
		c.gitCommand(g.project, gitServiceNamed(g.file))
	case strings.HasPrefix(g.file, "info/lfs/"):
		if _, ok := c.gitEnter(g.project, fetching); ok { // G5
			c.w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
			c.w.WriteHeader(http.StatusNotFound)
			c.w.Write([]byte(textLFS))
		}
	default:
		c.plain(http.StatusNotFound, "Not Found")
	}
}

// gitRedirect is G2. The path can't begin with two slashes, so that it never
// leads to another host.
func (c *call) gitRedirect() {
	to := c.s.prefix + strings.TrimSuffix(c.path, "/info/refs") + ".git/info/refs"
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	c.w.Header().Set("Location", to)
	c.plain(http.StatusMovedPermanently, "Moved Permanently")
}

// gitAdvertise answers info/refs (G1, G3).
func (c *call) gitAdvertise(project string) {
	switch c.r.Method {
	case http.MethodGet:
	case http.MethodHead:
		c.w.WriteHeader(http.StatusForbidden)
		return
	default:
		c.w.Header().Set("Allow", "GET")
		c.plain(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	service := gitServiceNamed(c.r.URL.Query().Get("service"))
	if service == nil {
		if c.gitKnown(project, nil) {
			c.plain(http.StatusForbidden, textNoCommand)
		}
		return
	}
	if e, ok := c.gitEnter(project, service); ok {
		c.advertise(service, e.Repository)
	}
}

// gitCommand answers the POST that follows (G1, G4, G21).
func (c *call) gitCommand(project string, service *gitService) {
	if c.r.Method != http.MethodPost {
		c.w.Header().Set("Allow", "POST")
		c.plain(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	e, ok := c.gitEnter(project, service)
	if !ok {
		return
	}
	encoding := c.r.Header.Get("Content-Encoding")
	switch {
	case c.r.Header.Get("Content-Type") != service.requestType():
		c.plain(http.StatusUnsupportedMediaType, "The content type must be "+service.requestType()+".")
	case encoding != "" && encoding != "gzip":
		c.plain(http.StatusUnsupportedMediaType, "The content encoding must be gzip, or none.")
	default:
		c.exchange(service, e, encoding == "gzip")
	}
}

// gitKnown takes G11's steps 2 and 3: credentials are there, live, and their
// owner isn't blocked. Without any, only a public project can be fetched;
// service nil is what isn't one of the two, and counts as fetching. If not ok,
// it has answered.
func (c *call) gitKnown(project string, service *gitService) (ok bool) {
	if service == nil {
		service = fetching
	}
	c.asked = service.asked + project
	if c.r.Header.Get("Authorization") == "" {
		if service == pushing {
			return c.gitDenied()
		}
		_, err := c.s.Store.Enter(c.ctx, model.Caller{}, fetching.access, fetching.action, projectAt(project))
		switch {
		case err == nil:
			return true
		case refused(err):
			return c.gitDenied()
		}
		return c.gitFailed(err)
	}
	user, secret, ok := c.r.BasicAuth()
	if !ok || strings.TrimSpace(user) == "" || secret == "" { // G10
		return c.gitDenied()
	}
	if err := c.identify(model.NewSecret(secret)); err != nil {
		return c.gitFailed(err)
	}
	if err := model.Admit(c.pass.Caller, model.NoAccess, c.today).Err(); err != nil {
		c.noteRefusal(err)
		return c.gitDenied()
	}
	return true
}

// gitEnter takes all of G11's steps. If not ok, it has answered.
func (c *call) gitEnter(project string, service *gitService) (e model.Entrance, ok bool) {
	if !c.gitKnown(project, service) {
		return e, false
	}
	if err := model.Admit(c.pass.Caller, service.access, c.today).Err(); err != nil {
		return e, c.gitRefused(http.StatusForbidden, service.noScope, err)
	}
	e, err := c.s.Store.Enter(c.ctx, c.pass.Caller, service.access, service.action, projectAt(project))
	switch {
	case errors.Is(err, model.ErrDenied):
		seen, seeing := c.s.Store.Enter(c.ctx, c.pass.Caller, service.access, model.SeeProject, projectAt(project))
		if seeing == nil && seen.Repository == "" { // step 6 comes before step 7
			return e, c.gitRefused(http.StatusNotFound, textNoRepository, nil)
		}
		return e, c.gitRefused(http.StatusForbidden, service.noRole, err)
	case errors.Is(err, model.ErrNotFound):
		return e, c.gitRefused(http.StatusNotFound, textNoProject, err)
	case err != nil:
		return e, c.gitFailed(err)
	case e.Repository == "":
		return e, c.gitRefused(http.StatusNotFound, textNoRepository, nil)
	}
	c.used()
	return e, true
}

// projectAt names a project by its path only: digits are no number here.
func projectAt(path string) model.Ref { return model.Ref{Kind: model.ProjectPlace, Path: path} }

// gitDenied is G12: the same for whatever is wrong with the credentials.
func (c *call) gitDenied() (ok bool) {
	c.w.Header().Set("WWW-Authenticate", `Basic realm="GitLab"`)
	c.plain(http.StatusUnauthorized, textAccessDenied)
	return false
}

func (c *call) gitRefused(status int, text string, err error) (ok bool) {
	var reason *model.Reason
	if errors.As(err, &reason) {
		c.reasonHeaders(reason)
		c.noteRefusal(reason)
	}
	c.plain(status, text)
	return false
}

// gitFailed answers what isn't a decision: busy, read-only (R174), broken.
func (c *call) gitFailed(err error) (ok bool) {
	switch {
	case errors.Is(err, model.ErrReadOnly):
		c.plain(http.StatusServiceUnavailable, err.Error())
	case errors.Is(err, model.ErrBusy):
		c.w.Header().Set("Retry-After", "1")
		c.plain(http.StatusServiceUnavailable, "Service Unavailable")
	default:
		c.s.Log.Error("request failed", "id", c.id, "error", err)
		c.plain(http.StatusInternalServerError, "Internal Server Error")
	}
	return false
}

// takeSlot waits for leave to start a Git process (G30). If not ok, it has
// answered.
func (c *call) takeSlot() (ok bool) {
	patience, stop := context.WithTimeout(c.ctx, c.s.GitWait)
	defer stop()
	defer context.AfterFunc(c.s.hard, stop)()
	if c.s.slots.Take(patience, c.address) {
		return true
	}
	c.w.Header().Set("Retry-After", "5")
	c.plain(http.StatusServiceUnavailable, "Too many Git processes are running. Try again in a moment.")
	return false
}
