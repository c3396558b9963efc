package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"patrol/model"
	"patrol/server/door"
)

// documentPath is below /api/v4. It is no endpoint: what it says is no secret,
// and the same for everybody.
const documentPath = "openapi.json"

// document is the API's description, and the name of this version of it.
type document struct {
	text []byte
	tag  string
}

// openDocument makes the description of an API that is under a path.
func openDocument(prefix string) document {
	text, err := json.Marshal(describe(prefix + "/api/v4"))
	if err != nil {
		panic(err) // it is made of constants
	}
	sum := sha256.Sum256(text)
	return document{text, `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// describes answers with the document. It needs no credentials, and looks at none.
func (c *call) describes() {
	if c.R.Method != http.MethodGet && c.R.Method != http.MethodHead {
		c.W.Header()["Allow"] = []string{"GET, HEAD"}
		c.sendRefusal(wrong(http.StatusMethodNotAllowed, "405 Not Allowed"))
		return
	}
	d := c.api.document(c.House.Prefix())
	c.W.Header()["Etag"] = []string{d.tag}
	if matches(c.R.Header.Get("If-None-Match"), d.tag) {
		c.W.WriteHeader(http.StatusNotModified)
		return
	}
	c.json(http.StatusOK, d.text)
}

// matches tells whether a client has the version with this tag (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

type dict = map[string]any

// describe is the document as OpenAPI 3.1 wants it: model.Endpoints, with what
// operations adds to each.
func describe(address string) dict {
	paths := map[string]dict{}
	for i := range model.Endpoints {
		e := &model.Endpoints[i]
		path := templated(e.Route)
		if paths[path] == nil {
			paths[path] = dict{}
		}
		paths[path][strings.ToLower(e.Method)] = operations()[e.Method+" "+e.Route].describe(e)
	}
	return dict{
		"openapi": "3.1.0",
		"info": dict{
			"title":   "Patrol",
			"version": gitlabVersion,
			"summary": "GitLab's REST API v4, the part of it that concerns access tokens.",
			"description": "Parameters may be in the query or the body of any request; unknown ones are ignored. " +
				"Projects and groups are named by number or by their full path, with %2F for each slash. Times are in UTC. " +
				"A refusal also has the headers X-Patrol-Rule and X-Patrol-Reason.",
			"license": dict{"name": "MIT", "identifier": "MIT"},
		},
		"servers": []dict{{"url": address}},
		"tags":    tags(),
		"paths":   paths,
		"components": dict{
			"schemas":   schemas(),
			"responses": refusals(),
			"headers":   pageHeaders,
			"securitySchemes": dict{
				"privateToken":      dict{"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
				"bearer":            dict{"type": "http", "scheme": "bearer"},
				"basic":             dict{"type": "http", "scheme": "basic", "description": "Any user name, and the token as password."},
				"privateTokenQuery": dict{"type": "apiKey", "in": "query", "name": door.SecretParam, "description": "Unless the setting allow_token_in_query is off."},
			},
		},
	}
}

// credentialSchemes are A5's three; one is enough.
var credentialSchemes = []map[string][]string{{"privateToken": {}}, {"bearer": {}}, {"privateTokenQuery": {}}}

// describe is one operation of the document.
func (op operation) describe(e *model.Endpoint) dict {
	security := slices.Clone(credentialSchemes)
	if takesBasic(e) {
		security = append(security, map[string][]string{"basic": {}})
	}
	if !e.User {
		security = append(security, map[string][]string{}) // also without any (A27)
	}
	d := dict{
		"operationId":     operationID(e),
		"summary":         op.summary,
		"description":     opensWith(e),
		"tags":            []string{tagOf(e)},
		"security":        security,
		"x-patrol-rule":   op.rule,
		"x-patrol-scopes": append(model.Scopes{}, e.Access.Scopes()...),
		"responses":       op.responses(e),
	}
	if list := op.parameters(e); len(list) > 0 {
		d["parameters"] = list
	}
	switch {
	case op.uploads:
		d["requestBody"] = dict{"content": contents(anything, fileType), "required": true}
	case !op.inQuery(e) && len(op.reads) > 0:
		d["requestBody"] = op.body()
	}
	return d
}

func opensWith(e *model.Endpoint) string {
	text := "Any scope opens it."
	if scopes := e.Access.Scopes(); len(scopes) > 0 {
		text = "Opened by any of the scopes " + strings.ReplaceAll(scopes.String(), " ", ", ") + "."
	}
	if !e.User {
		text += " What is public needs no token."
	}
	return text
}

// operationID names an operation as GitLab's own documents do:
// getApiV4ProjectsIdAccessTokens.
func operationID(e *model.Endpoint) string {
	id := strings.ToLower(e.Method) + "ApiV4"
	for _, word := range strings.FieldsFunc(e.Route, func(r rune) bool { return r == '/' || r == ':' || r == '_' }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// templated is a route as OpenAPI writes it: /projects/{id}.
func templated(route string) string {
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// tagOf is what an endpoint is about: the first of these words in its route.
func tagOf(e *model.Endpoint) string {
	for _, word := range tagWords {
		if slices.Contains(strings.Split(e.Route, "/"), word) {
			return strings.ReplaceAll(word, "_", " ")
		}
	}
	return "instance"
}

var tagWords = []string{"access_tokens", "personal_access_tokens", "members", "issues", "runners", "packages", "repository", "projects", "groups", "namespaces", "users", "user"}

func tags() (list []dict) {
	for _, word := range tagWords {
		list = append(list, dict{"name": strings.ReplaceAll(word, "_", " ")})
	}
	return append(list, dict{"name": "instance"})
}

// inQuery tells whether an endpoint's parameters are described as those of a
// query: a client's request has no body.
func (op operation) inQuery(e *model.Endpoint) bool {
	return e.Method == "GET" || e.Method == "DELETE" || op.uploads
}

func (op operation) parameters(e *model.Endpoint) (list []dict) {
	for word := range strings.SplitSeq(e.Route, "/") {
		if name, ok := strings.CutPrefix(word, ":"); ok {
			list = append(list, dict{"name": name, "in": "path", "required": true, "schema": pathSchema(e, name)})
		}
	}
	if !op.inQuery(e) {
		return list
	}
	for _, p := range op.reads {
		d := dict{"name": p.name, "in": "query", "schema": p.schema}
		if p.about != "" {
			d["description"] = p.about
		}
		if p.required {
			d["required"] = true
		}
		if p.schema["type"] == "array" {
			d["style"], d["explode"] = "form", false // parted by commas
		}
		list = append(list, d)
	}
	return list
}

func pathSchema(e *model.Endpoint, name string) schema {
	switch {
	case name == "id" && (e.Place != model.NoPlace || strings.HasPrefix(e.Route, "/namespaces")):
		return aText.with("description", "Its number, or its full path (acme%2Fweb).") // A4
	case strings.HasSuffix(name, "id"):
		return aNumber
	}
	return aText
}

// fileType is that of a package's files (G71).
const fileType = "application/octet-stream"

// bodyTypes are A2's.
var bodyTypes = []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}

func (op operation) body() dict {
	properties := map[string]schema{}
	var needed []string
	for _, p := range op.reads {
		s := p.schema
		if p.about != "" {
			s = s.with("description", p.about)
		}
		properties[p.name] = s
		if p.required {
			needed = append(needed, p.name)
		}
	}
	s := schema{"type": "object", "properties": properties}
	if needed != nil {
		s["required"] = needed
	}
	return dict{"content": contents(s, bodyTypes...), "required": needed != nil}
}

func contents(s schema, types ...string) dict {
	d := dict{}
	for _, t := range types {
		d[t] = dict{"schema": s}
	}
	return d
}

// responses are what an endpoint may answer.
func (op operation) responses(e *model.Endpoint) dict {
	status := op.status
	if status == 0 {
		status = http.StatusOK
	}
	done := dict{"description": http.StatusText(status)}
	if op.answers != nil {
		done["content"] = contents(op.answers, jsonType[0])
	}
	if op.sends != nil {
		done["content"] = contents(anything, op.sends...)
		headers := dict{}
		for _, name := range []string{"Content-Disposition", "Accept-Ranges", "X-Checksum-SHA256"} {
			headers[name] = dict{"schema": aText}
		}
		done["headers"] = headers
	}
	if op.paged {
		headers := dict{}
		for name := range pageHeaders {
			headers[name] = dict{"$ref": "#/components/headers/" + name}
		}
		done["headers"] = headers
	}
	d := dict{strconv.Itoa(status): done}
	for _, refused := range op.statuses(e) {
		d[strconv.Itoa(refused)] = dict{"$ref": "#/components/responses/" + strconv.Itoa(refused)}
	}
	return d
}

// statuses are those of an endpoint's refusals.
func (op operation) statuses(e *model.Endpoint) []int {
	list := append([]int{401, 403, 429, 500, 503}, op.refuses...)
	if strings.Contains(e.Route, ":") || e.Method == "POST" {
		list = append(list, 404)
	}
	if len(op.reads) > 0 {
		list = append(list, 400)
	}
	if op.paged {
		list = append(list, 405) // A34
	}
	if e.Action == model.ReadCode {
		list = append(list, 422)
	}
	if !op.inQuery(e) {
		list = append(list, 413, 415)
	}
	return list
}

// refusals are the answers of A2, A9 and A21 to A26, by status.
func refusals() dict {
	answer := func(about string, shapes ...schema) dict {
		s := shapes[0]
		if len(shapes) > 1 {
			s = either(shapes...)
		}
		return dict{"description": about, "content": contents(s, jsonType[0])}
	}
	message, wrong := the("Message"), the("Error")
	return dict{
		"400": answer("A parameter is missing, or has the wrong form or a value that isn't allowed.", wrong, message, the("WrongFields")),
		"401": answer("No token, or one that isn't good; of tokens also: not allowed.", message, the("InvalidToken")),
		"403": answer("Not allowed, or the token's scopes don't open it.", message, the("InsufficientScope")),
		"404": answer("It isn't there, or may not be seen.", message),
		"405": answer("Not this way.", message, wrong),
		"409": answer("It is there already.", message),
		"413": answer("The body is too large.", message),
		"415": answer("The body is of another type.", wrong),
		"422": answer("Git takes too long to find that; ask for a part of it.", message),
		"429": dict{"description": "Too many requests; Retry-After says when to try again.", "content": contents(aText, "text/plain")},
		"500": answer("It failed.", message),
		"507": answer("There is no room for it.", message),
		"503": answer("Nothing was done; try again.", message),
	}
}

// pageHeaders are A31's.
var pageHeaders = dict{
	"Link":          dict{"description": "The addresses of other pages: prev, next, first, last.", "schema": aText},
	"X-Page":        dict{"schema": aText},
	"X-Per-Page":    dict{"schema": aText},
	"X-Next-Page":   dict{"description": "Empty on the last page.", "schema": aText},
	"X-Prev-Page":   dict{"description": "Empty on the first page.", "schema": aText},
	"X-Total":       dict{"description": "Not of more than 10,000 rows.", "schema": aText},
	"X-Total-Pages": dict{"description": "Not of more than 10,000 rows.", "schema": aText},
}
