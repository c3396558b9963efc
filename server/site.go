package server

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"patrol/model"
	"patrol/server/door"
)

// site answers /auth: whether a proxy may let a request through to a site behind
// it (G90–G97). The answer is 200, 401 or 403, or 5xx where Patrol itself fails:
// nginx makes an error page of anything else.
func (s *Server) site(q *door.Request) {
	q.Door = model.AuthDoor
	asked, err := siteAsked(q.R)
	if err != nil {
		s.House.Log.Warn("a proxy asks /auth what can't be answered", "id", q.ID, "error", err)
		q.Reason(&model.Reason{Rule: "G91", Text: err.Error()})
		q.W.WriteHeader(http.StatusForbidden)
		return
	}
	q.Asked = "auth " + asked.method
	if asked.Place.Path != "" {
		q.Asked += " " + asked.Place.Path
	}
	if err := q.Identify(q.Context, shown(q.R)); err != nil {
		s.siteFailed(q, err)
		return
	}
	q.LogSite(asked.method, asked.address)
	e, err := s.Store.EnterSite(q.Context, q.Pass.Caller, asked.Site)
	if err != nil {
		s.siteFailed(q, err)
		return
	}
	q.Used()
	h := q.W.Header()
	h["X-Patrol-User"] = []string{q.Pass.User.Username}
	h["X-Patrol-Project"] = []string{e.Path}
	h["X-Patrol-Role"] = []string{roleName(e.Role)}
	h["X-Patrol-Scopes"] = []string{q.Pass.Token.Scopes.String()}
	h["X-Patrol-Token-Id"] = []string{strconv.FormatInt(q.Pass.Token.ID, 10)}
	q.W.WriteHeader(http.StatusOK)
}

// siteFailed answers whoever isn't let through, and what has failed.
func (s *Server) siteFailed(q *door.Request, err error) {
	status := http.StatusForbidden
	var reason *model.Reason
	switch {
	case !door.IsRefusal(err):
		status = q.Failed(err)
	case errors.Is(err, model.ErrUnauthenticated), errors.Is(err, model.ErrBlocked):
		q.W.Header()["Www-Authenticate"] = []string{`Basic realm="patrol"`}
		status = http.StatusUnauthorized
		q.Refused(err)
	default:
		if errors.As(err, &reason) {
			q.Reason(reason)
		}
		q.Refused(err)
	}
	q.W.WriteHeader(status)
}

// siteQuestion is what a proxy asks, and the request that it asks for: the
// method in words that explain takes, and the address, which decides nothing.
type siteQuestion struct {
	model.Site
	method, address string
}

// originals are the headers that carry the original method and address, by what
// the proxy's configuration says it uses (G93).
var originals = map[string]struct{ method, address string }{
	"nginx":     {"X-Original-Method", "X-Original-Uri"},
	"forwarded": {"X-Forwarded-Method", "X-Forwarded-Uri"},
}

// siteAsked reads the address that the proxy's configuration asks. Its errors
// don't repeat what stands there, which may hold a secret (A5).
func siteAsked(r *http.Request) (q siteQuestion, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, errors.New("the address of /auth has a query that isn't well-formed")
	}
	q.method = "POST" // what isn't known is taken as a write
	if via := query.Get("via"); via != "" {
		original, known := originals[via]
		if !known {
			return q, errors.New("via must be nginx or forwarded")
		}
		if method := r.Header.Get(original.method); model.IsMethod(method) {
			q.method = strings.ToUpper(method)
		}
		q.address = r.Header.Get(original.address)
	}
	switch q.method {
	case "GET", "HEAD", "OPTIONS":
	default:
		q.Write = true
	}
	if path := query.Get("project"); path != "" {
		q.Place = door.ProjectAt(path)
	}
	if role := query.Get("role"); role != "" {
		if q.Lowest, err = model.ParseRole(role); err != nil {
			return q, errors.New("role must be guest, planner, reporter, developer, maintainer or owner")
		}
	}
	if scopes := query.Get("scope"); scopes != "" {
		if q.Scopes, err = model.ParseScopes(scopes); err != nil {
			return q, errors.New("scope must be names of scopes, parted by commas")
		}
	}
	return q, nil
}

// shown is the secret that a request shows, in any of the ways that people use
// with proxies: Authorization: Bearer or Basic (G10), PRIVATE-TOKEN (G94).
func shown(r *http.Request) model.Secret {
	header := r.Header.Get("Authorization")
	if scheme, text, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") {
		return model.NewSecret(text)
	}
	if user, secret, ok := r.BasicAuth(); ok && strings.TrimSpace(user) != "" {
		return model.NewSecret(secret)
	}
	if header != "" {
		return model.Secret{}
	}
	return model.NewSecret(r.Header.Get("Private-Token"))
}
