// Package rest is GitLab's REST API v4, the part of it that concerns tokens:
// parameters in, one use case, an object out. Who may do what, model says.
package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// API answers what is below /api. Store, Reader and Patience are required.
type API struct {
	Store    model.Store
	Revision string // of the build, in GET /version
	SSHPort  int    // named in ssh_url_to_repo

	Reader   *git.Reader   // of the repositories
	Patience time.Duration // how long a request waits for a place among those that read

	handlers map[*model.Endpoint]handler
	document func(prefix string) document // of this API, made once
	asked    func(parameter string)       // tests': which ones handlers read; nil: nobody wants to know
}

// Open makes an API ready to answer.
func (a *API) Open() *API {
	a.handlers = attach(handlers)
	var made sync.Once
	var d document
	a.document = func(prefix string) document { // a server's prefix never changes
		made.Do(func() { d = openDocument(prefix) })
		return d
	}
	return a
}

// call is one request, and what has been found out about it.
type call struct {
	*door.Request
	api      *API
	endpoint *model.Endpoint
	parts    []string // of the path, still URL-encoded
	params   params
}

// handler answers a request that was admitted to its endpoint. An error is
// translated by refuse.
type handler func(*call) error

// attach gives each endpoint its handler. One without the other is a mistake in
// the program.
func attach(handlers map[string]handler) map[*model.Endpoint]handler {
	attached := make(map[*model.Endpoint]handler, len(handlers))
	for i := range model.Endpoints {
		e := &model.Endpoints[i]
		h, ok := handlers[e.Method+" "+e.Route]
		if !ok {
			panic(fmt.Sprintf("no handler for %s %s", e.Method, e.Route))
		}
		attached[e] = h
	}
	if len(attached) != len(handlers) {
		panic("a handler without an endpoint")
	}
	return attached
}

// The headers that every answer of REST has (A6), shared by all.
var (
	cacheControl = []string{"max-age=0, private, must-revalidate"}
	varyOrigin   = []string{"Origin"}
	noSniff      = []string{"nosniff"}
	jsonType     = []string{"application/json"}
)

// Serve answers a request for a path below /api.
func (a *API) Serve(q *door.Request, path string) {
	q.Door = model.APIDoor
	for strings.Contains(path, "//") { // python-gitlab sends some, and GitLab's router takes them for one
		path = strings.ReplaceAll(path, "//", "/")
	}
	c := &call{Request: q, api: a}
	q.FailsAs(c.failed)
	c.serve(path)
}

// Admit takes A20's steps up to the scope for a request whose body isn't the
// API's to read. If not ok, it has answered.
func (a *API) Admit(q *door.Request, e *model.Endpoint) (ok bool) {
	q.Door = model.APIDoor
	c := &call{Request: q, api: a, endpoint: e, params: params{}}
	q.FailsAs(c.failed)
	c.begin()
	if text := q.R.URL.Query().Get(door.SecretParam); text != "" {
		c.params[door.SecretParam] = text
	}
	if err := c.admit(); err != nil {
		c.refuse(err)
		return false
	}
	return true
}

// begin sets the headers that every answer has (A6).
func (c *call) begin() {
	h := c.W.Header()
	h["Cache-Control"], h["Vary"], h["X-Content-Type-Options"] = cacheControl, varyOrigin, noSniff
}

// serve answers in A20's order: route, credentials, user, scope, form of the
// parameters, and the handler's own steps.
func (c *call) serve(path string) {
	c.begin()
	path, ok := strings.CutPrefix(path, "/v4/")
	if !ok {
		c.sendRefusal(wrong(http.StatusNotFound, "404 Not Found")) // A8
		return
	}
	if path == documentPath {
		c.describes()
		return
	}
	var allowed []string
	c.endpoint, c.parts, allowed = match(c.R.Method, path)
	switch {
	case c.endpoint != nil:
	case allowed == nil:
		c.sendRefusal(wrong(http.StatusNotFound, "404 Not Found"))
		return
	default:
		c.W.Header()["Allow"] = []string{allowHeader(allowed)}
		c.sendRefusal(wrong(http.StatusMethodNotAllowed, "405 Not Allowed"))
		return
	}
	malformed := c.readParams()
	if err := c.admit(); err != nil {
		c.refuse(c.reused(err))
		return
	}
	if malformed != nil {
		c.refuse(malformed)
		return
	}
	if err := c.api.handlers[c.endpoint](c); err != nil {
		c.refuse(err)
		return
	}
	c.Used()
}

// fixedRoutes are the endpoints without a ":" in their route, by method and
// path. Nothing fits such a path better, so that the whole table need not be
// looked through for it.
var fixedRoutes = func() map[string]*model.Endpoint {
	fixed := map[string]*model.Endpoint{}
	for i := range model.Endpoints {
		if e := &model.Endpoints[i]; !strings.Contains(e.Route, ":") {
			fixed[e.Method+" "+e.Route] = e
		}
	}
	return fixed
}()

// match finds the endpoint of a path below /api/v4. A slash at the end is no
// part; ".json" at the end of a route's fixed word is none either (A4).
func match(method, path string) (e *model.Endpoint, parts, allowed []string) {
	if e := fixedRoutes[method+" /"+path]; e != nil {
		return e, nil, nil
	}
	path = strings.TrimSuffix(path, "/")
	if word, ok := strings.CutSuffix(path, ".json"); ok {
		parts = strings.Split(word, "/")
		e, allowed := model.Match(method, parts)
		if len(allowed) > 0 {
			some, _ := model.Match(allowed[0], parts)
			if strings.HasSuffix(some.Route, "/"+parts[len(parts)-1]) {
				return e, parts, allowed
			}
		}
	}
	parts = strings.Split(path, "/")
	e, allowed = model.Match(method, parts)
	return e, parts, allowed
}

// allowHeader lists the methods of a path; HEAD goes with GET (A8).
func allowHeader(methods []string) string {
	return strings.Replace(strings.Join(methods, ", "), "GET", "GET, HEAD", 1)
}

// arg is the part of the path that a name of the route, such as ":id", stands
// for. It may hold anything that the client likes.
func (c *call) arg(name string) string {
	i := 0
	for word := range strings.SplitSeq(c.endpoint.Route[1:], "/") {
		if word == name {
			text, err := url.PathUnescape(c.parts[i])
			if err != nil {
				return ""
			}
			return text
		}
		i++
	}
	return ""
}

// number is the id that a name of the route stands for; 0, which nothing has,
// if it isn't one.
func (c *call) number(name string) int64 {
	id, _ := model.ParseID(c.arg(name))
	return id
}

// place is the project or group that :id names (A4); the zero Ref where the
// endpoint is about neither.
func (c *call) place() model.Ref {
	switch c.endpoint.Place {
	case model.ProjectPlace:
		return model.ProjectRef(c.arg(":id"))
	case model.GroupPlace:
		return model.GroupRef(c.arg(":id"))
	}
	return model.Ref{}
}

// seesPlace tells whether the place is there for the caller.
func (c *call) seesPlace() bool {
	var err error
	switch ref := c.place(); ref.Kind {
	case model.ProjectPlace:
		_, err = c.api.Store.Project(c.Context, c.asker(), ref)
	case model.GroupPlace:
		_, err = c.api.Store.Group(c.Context, c.asker(), ref)
	}
	return err == nil
}

// object answers with one object.
func (c *call) object(status int, write func(*object)) error {
	o := object{make([]byte, 0, 1024)}
	write(&o)
	c.json(status, o.end())
	return nil
}

// answerOne answers with one row.
func answerOne[T any](c *call, status int, row *T, write func(*object, *T)) error {
	return c.object(status, func(o *object) { write(o, row) })
}

// answerList answers with a page of a list, row by row.
func answerList[T any](c *call, p paging, list model.List[T], write func(*object, *T)) error {
	c.pageHeaders(p, list.Next, list.Total)
	c.json(http.StatusOK, appendObjects(nil, list.Rows, write))
	return nil
}

// accepted is 202, for what is deleted with all that is in it (A85, A96).
func (c *call) accepted() error {
	return c.object(http.StatusAccepted, func(o *object) { o.text("message", "202 Accepted") })
}

// json answers with a body that is JSON already (A1).
func (c *call) json(status int, body []byte) {
	c.W.Header()["Content-Type"] = jsonType
	c.W.WriteHeader(status)
	c.W.Write(body)
}

// nothing is 204: no body and no content type (A1).
func (c *call) nothing() error {
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}
