package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	verrors "github.com/pb33f/libopenapi-validator/errors"
)

// described is a server, and what it says of itself.
type described struct {
	*testing.T
	*patrol
	document  []byte
	validator validator.Validator
	kept      map[string]any // from answers, by the names that requests use
	seen      map[string]bool
}

func describe(t *testing.T) *described {
	t.Helper()
	d := &described{T: t, patrol: start(t), kept: map[string]any{}, seen: map[string]bool{}}
	d.kept["admin"], d.kept["tomorrow"] = d.admin, time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	d.document = d.get("/api/v4/openapi.json")
	document, err := libopenapi.NewDocument(d.document)
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	d.validator, errs = validator.NewValidator(document, config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnorePaths("$.body.message.*"), config.WithStrictIgnoredHeadersExtra("x-request-id", "cache-control", "x-content-type-options", "private-token"))
	if errs != nil {
		t.Fatal(errs)
	}
	return d
}

func (d *described) get(path string) []byte {
	d.Helper()
	answer, err := http.Get(d.url + path)
	if err != nil {
		d.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		d.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
	return body
}

// exchange is a request, and what is to come of it. Names in braces stand for
// what was kept of earlier answers.
type exchange struct {
	as     string // whose token: a kept name; empty: none
	ask    string // "POST /groups", or "git tag v1"
	body   string // JSON
	status int
	keep   string // name, for the answer's id, and name.token for its secret
}

func (d *described) filled(text string) string {
	for name, value := range d.kept {
		text = strings.ReplaceAll(text, "{"+name+"}", fmt.Sprint(value))
	}
	return text
}

// git does something in the repository of the project that was kept as web.
func (d *described) git(args ...string) string {
	d.Helper()
	folder := filepath.Join(filepath.Dir(d.database), "repositories", fmt.Sprint(d.kept["web"])+".git")
	cmd := exec.Command("git", append([]string{"-c", "user.name=Dave", "-c", "user.email=dave@example.org", "--git-dir", folder}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// run makes a request and holds it and its answer against the document.
func (d *described) run(x exchange, wellFormed bool) {
	d.Helper()
	method, path, _ := strings.Cut(x.ask, " ")
	if method == "git" {
		if out := d.git(strings.Fields(path)...); x.keep != "" {
			d.kept[x.keep] = out
		}
		return
	}
	r, err := http.NewRequest(method, d.url+"/api/v4"+d.filled(path), strings.NewReader(d.filled(x.body)))
	if err != nil {
		d.Fatal(err)
	}
	if strings.Contains(path, "/generic/") {
		r.Header.Set("Content-Type", "application/octet-stream")
	} else if x.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if x.as != "" {
		r.Header.Set("PRIVATE-TOKEN", fmt.Sprint(d.kept[x.as]))
	}
	again := r.Clone(d.Context())
	again.Body = io.NopCloser(strings.NewReader(d.filled(x.body)))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != x.status {
		d.Fatalf("%s: %s, want %d: %s, %v", x.ask, answer.Status, x.status, body, err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	d.seen[x.ask] = true
	if wellFormed {
		if ok, errs := d.validator.ValidateHttpRequestSync(again); !ok {
			d.Errorf("%s %s: the request isn't as the document says: %v", x.ask, x.body, explained(errs))
		}
	}
	if ok, errs := d.validator.ValidateHttpResponse(again, answer); !ok {
		d.Errorf("%s: the answer isn't as the document says: %v\n%s", x.ask, explained(errs), body)
	}
	if x.keep == "" {
		return
	}
	var kept struct {
		ID    int64
		IID   int64
		Token string
	}
	if err := json.Unmarshal(body, &kept); err != nil {
		d.Fatal(err)
	}
	d.kept[x.keep], d.kept[x.keep+".iid"], d.kept[x.keep+".token"] = kept.ID, kept.IID, kept.Token
}

// explained are a validator's errors with what is behind them.
func explained(errs []*verrors.ValidationError) (texts []string) {
	for _, e := range errs {
		text := e.Message + ": " + e.Reason
		for _, s := range e.SchemaValidationErrors {
			text += " [" + s.FieldPath + " " + s.Reason + "]"
		}
		texts = append(texts, text)
	}
	return texts
}

// The document is valid OpenAPI 3.1.
func TestDocumentIsValid(t *testing.T) {
	d := describe(t)
	if ok, errs := d.validator.ValidateDocument(); !ok {
		t.Error(explained(errs))
	}
	for _, broken := range [][2]string{{`"operationId":"getApiV4Version"`, `"operationId":7`}, {`"openapi":"3.1.0"`, `"openapi":"3.1.0","nonsense":1`}} {
		document, err := libopenapi.NewDocument(bytes.Replace(d.document, []byte(broken[0]), []byte(broken[1]), 1))
		if err != nil {
			continue
		}
		v, errs := validator.NewValidator(document)
		if errs != nil {
			continue
		}
		if ok, _ := v.ValidateDocument(); ok {
			t.Errorf("the validator lets %s pass", broken[1])
		}
	}
}

// Every operation of the document is asked for, and what it answers is what the
// document says: all its fields, of the types named there, and no others.
func TestAnswersAreAsDescribed(t *testing.T) {
	d := describe(t)
	for _, x := range exchanges {
		d.run(x, true)
	}
	var document struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(d.document, &document); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for ask := range d.seen {
		method, path, _ := strings.Cut(ask, " ")
		path, _, _ = strings.Cut(path, "?")
		for route := range document.Paths {
			if fits(route, path) && (strings.Count(route, "{") <= strings.Count(path, "{") || document.Paths[path] == nil) {
				asked[strings.ToLower(method)+" "+route] = true
			}
		}
	}
	for route, methods := range document.Paths {
		for method := range methods {
			if !asked[method+" "+route] {
				t.Errorf("%s %s isn't asked for", method, route)
			}
		}
	}
	for _, x := range refusals {
		d.run(x, false)
	}
}

// fits tells whether a request's path is one of a route.
func fits(route, path string) bool {
	want, got := strings.Split(route, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(want, got string) bool { return want == got || strings.HasPrefix(want, "{") })
}

// exchanges reach every operation, those first that others need.
var exchanges = []exchange{
	{"admin", "GET /version", "", 200, ""},
	{"admin", "GET /metadata", "", 200, ""},
	{"admin", "GET /user", "", 200, ""},
	{"admin", "POST /users", `{"email":"mona@example.org","name":"Mona","username":"mona"}`, 201, "mona"},
	{"admin", "GET /users", "", 200, ""},
	{"admin", "GET /users?username=mona&active=true&order_by=id&sort=asc", "", 200, ""},
	{"admin", "GET /users/{mona}", "", 200, ""},
	{"admin", "PUT /users/{mona}", `{"name":"Mona L.","external":false}`, 200, ""},
	{"admin", "POST /users/{mona}/block", "", 201, ""},
	{"admin", "POST /users/{mona}/unblock", "", 201, ""},
	{"admin", "POST /users/{mona}/personal_access_tokens", `{"name":"hers","scopes":["api"],"expires_at":null}`, 201, "hers"},
	{"admin", "GET /users/{mona}/personal_access_tokens", "", 200, ""},
	{"admin", "POST /user/personal_access_tokens", `{"name":"own","scopes":"self_rotate"}`, 201, "own"},

	{"admin", "POST /groups", `{"name":"Acme","path":"acme","visibility":"internal"}`, 201, "acme"},
	{"admin", "POST /groups", `{"name":"Ops","path":"ops","parent_id":{acme},"visibility":"private","description":"x"}`, 201, "ops"},
	{"admin", "POST /groups", `{"name":"Open","path":"open","visibility":"public"}`, 201, "open"},
	{"admin", "GET /groups", "", 200, ""},
	{"", "GET /groups", "", 200, ""},
	{"", "GET /groups/{open}", "", 200, ""},
	{"admin", "GET /groups?pagination=keyset&order_by=id&per_page=1", "", 200, ""},
	{"admin", "PUT /groups/{acme}", `{"resource_access_token_creation_allowed":true,"plan":"ultimate","description":"all of it"}`, 200, ""},
	{"admin", "GET /namespaces?search=a", "", 200, ""},
	{"admin", "GET /namespaces/{acme}", "", 200, ""},
	{"admin", "GET /namespaces/acme", "", 200, ""},

	{"admin", "POST /projects", `{"name":"Web","namespace_id":{acme},"initialize_with_readme":true}`, 201, "web"},
	{"admin", "POST /projects", `{"path":"site","namespace_id":{open},"visibility":"public"}`, 201, "site"},
	{"admin", "GET /projects", "", 200, ""},
	{"", "GET /projects", "", 200, ""},
	{"", "GET /projects/{site}", "", 200, ""},
	{"admin", "GET /projects?simple=true&order_by=name&sort=asc&min_access_level=10", "", 200, ""},
	{"admin", "GET /projects/acme%2Fweb", "", 200, ""},
	{"admin", "PUT /projects/{web}", `{"description":"the site","visibility":"internal"}`, 200, ""},
	{"admin", "GET /groups/{acme}", "", 200, ""},
	{"admin", "GET /groups/{acme}?with_projects=false", "", 200, ""},
	{"admin", "GET /groups/{acme}/projects?include_subgroups=true", "", 200, ""},
	{"admin", "GET /groups/{acme}/subgroups", "", 200, ""},
	{"admin", "GET /groups/{acme}/descendant_groups", "", 200, ""},

	{"admin", "POST /projects/{web}/members", `{"user_id":{mona},"access_level":40,"expires_at":"2099-01-31"}`, 201, ""},
	{"admin", "GET /projects/{web}/members", "", 200, ""},
	{"admin", "GET /projects/{web}/members?user_ids={mona},4711&query=mona", "", 200, ""},
	{"admin", "GET /projects/{web}/members/all", "", 200, ""},
	{"admin", "GET /projects/{web}/members/{mona}", "", 200, ""},
	{"admin", "GET /projects/{web}/members/all/{mona}", "", 200, ""},
	{"admin", "PUT /projects/{web}/members/{mona}", `{"access_level":50}`, 200, ""},
	{"hers.token", "GET /user", "", 200, ""},
	{"hers.token", "GET /users", "", 200, ""},
	{"hers.token", "GET /users/1", "", 200, ""},
	{"hers.token", "GET /projects/{web}", "", 200, ""},
	{"hers.token", "GET /personal_access_tokens/self/associations", "", 200, ""},
	{"admin", "POST /groups/{acme}/members", `{"user_id":{mona},"access_level":30}`, 201, ""},
	{"admin", "GET /groups/{acme}/members", "", 200, ""},
	{"admin", "GET /groups/{acme}/members/all", "", 200, ""},
	{"admin", "GET /groups/{acme}/members/{mona}", "", 200, ""},
	{"admin", "GET /groups/{acme}/members/all/{mona}", "", 200, ""},
	{"admin", "PUT /groups/{acme}/members/{mona}", `{"access_level":40,"expires_at":null}`, 200, ""},

	{"admin", "POST /projects/{web}/access_tokens", `{"name":"deploy","scopes":["api","read_repository"],"access_level":30,"expires_at":"{tomorrow}"}`, 201, "deploy"},
	{"admin", "GET /projects/{web}/access_tokens", "", 200, ""},
	{"admin", "GET /projects/{web}/access_tokens?state=active&sort=name_asc&created_after=2026-01-01T00:00:00Z&per_page=1&page=1", "", 200, ""},
	{"admin", "GET /projects/{web}/access_tokens/{deploy}", "", 200, ""},
	{"deploy.token", "GET /user", "", 200, ""},
	{"deploy.token", "POST /projects/{web}/issues", `{"title":"Disk almost full","description":"see log"}`, 201, "issue"},
	{"deploy.token", "POST /projects/{web}/issues/{issue.iid}/notes", `{"body":"still"}`, 201, ""},
	{"deploy.token", "POST /projects/{web}/access_tokens/self/rotate", `{"expires_at":"{tomorrow}"}`, 200, "next"},
	{"admin", "POST /projects/{web}/access_tokens/{next}/rotate", `{"overlap_hours":1}`, 200, "last"},
	{"admin", "GET /projects/{web}/members", "", 200, ""},
	{"admin", "DELETE /projects/{web}/access_tokens/{last}", "", 204, ""},
	{"admin", "GET /projects/{web}/issues?state=all&iids=1,2", "", 200, ""},
	{"admin", "GET /projects/{web}/issues/{issue.iid}", "", 200, ""},
	{"admin", "GET /projects/{web}/issues/{issue.iid}/notes", "", 200, ""},
	{"admin", "PUT /projects/{web}/issues/{issue.iid}", `{"state_event":"close"}`, 200, ""},

	{"admin", "POST /groups/{acme}/access_tokens", `{"name":"fleet","scopes":["api"],"description":"all"}`, 201, "fleet"},
	{"admin", "GET /groups/{acme}/access_tokens?pagination=keyset&sort=desc", "", 200, ""},
	{"admin", "GET /groups/{acme}/access_tokens/{fleet}", "", 200, ""},
	{"fleet.token", "POST /groups/{acme}/access_tokens/self/rotate", "", 200, "fleet"},
	{"admin", "POST /groups/{acme}/access_tokens/{fleet}/rotate", "", 200, "fleet"},
	{"admin", "DELETE /groups/{acme}/access_tokens/{fleet}", "", 204, ""},

	{"admin", "GET /personal_access_tokens?user_id={mona}", "", 200, ""},
	{"admin", "GET /personal_access_tokens/{hers}", "", 200, ""},
	{"hers.token", "GET /personal_access_tokens/self", "", 200, ""},
	{"admin", "POST /personal_access_tokens/{hers}/rotate", "", 200, "hers"},
	{"hers.token", "POST /personal_access_tokens/self/rotate", "", 200, "hers"},
	{"hers.token", "DELETE /personal_access_tokens/self", "", 204, ""},
	{"admin", "DELETE /personal_access_tokens/{own}", "", 204, ""},

	{"admin", "PUT /projects/{web}/packages/generic/tool/1.0/tool.tar", "", 201, ""},
	{"admin", "PUT /projects/{web}/packages/generic/tool/1.0/more.tar?select=package_file&status=default", "", 201, ""},
	{"admin", "GET /projects/{web}/packages/generic/tool/1.0/tool.tar", "", 200, ""},
	{"admin", "GET /projects/{web}/packages?package_name=tool", "", 200, ""},
	{"admin", "GET /projects/{web}/packages/1/package_files", "", 200, ""},
	{"admin", "DELETE /projects/{web}/packages/1", "", 204, ""},

	{"", "git tag v1 main", "", 0, ""},
	{"", "git tag -a v2 -m First main", "", 0, ""},
	{"admin", "GET /projects/{web}/repository/branches", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/branches/main", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/tags?order_by=version&sort=asc", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/tags/v2", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/tree?recursive=true", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/files/README.md?ref=v2", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/files/README.md/raw", "", 200, ""},
	{"admin", "git rev-parse main:README.md", "", 0, "blob"},
	{"admin", "GET /projects/{web}/repository/blobs/{blob}/raw", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/commits?ref_name=main&since=2026-01-01T00:00:00Z", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/commits/main", "", 200, ""},
	{"admin", "GET /projects/{web}/repository/commits/main?stats=false", "", 200, ""},

	{"admin", "POST /user/runners", `{"runner_type":"project_type","project_id":{web},"tag_list":["ci"],"description":"ci"}`, 201, "runner"},
	{"admin", "POST /user/runners", `{"runner_type":"group_type","group_id":{acme},"tag_list":"a,b","paused":true}`, 201, ""},
	{"admin", "GET /projects/{web}/runners", "", 200, ""},
	{"admin", "GET /groups/{acme}/runners", "", 200, ""},
	{"admin", "GET /runners", "", 200, ""},
	{"admin", "GET /runners/all", "", 200, ""},
	{"admin", "GET /runners/{runner}", "", 200, ""},
	{"admin", "DELETE /runners/{runner}", "", 204, ""},

	{"admin", "GET /application/settings", "", 200, ""},
	{"admin", "PUT /application/settings", `{"max_personal_access_token_lifetime":200}`, 200, ""},
	{"admin", "PUT /application/settings", `{"max_personal_access_token_lifetime":null}`, 200, ""},
	{"admin", "GET /features", "", 200, ""},
	{"admin", "GET /features/definitions", "", 200, ""},
	{"admin", "POST /features/resource_access_token", `{"value":"false","project":"acme/web"}`, 201, ""},
	{"admin", "POST /features/resource_access_token", `{"value":true}`, 201, ""},
	{"admin", "GET /features", "", 200, ""},
	{"admin", "DELETE /features/resource_access_token", "", 204, ""},

	{"admin", "DELETE /projects/{web}/members/{mona}", "", 204, ""},
	{"admin", "DELETE /groups/{acme}/members/{mona}", "", 204, ""},
	{"admin", "DELETE /projects/{web}", "", 202, ""},
	{"admin", "DELETE /groups/{acme}", "", 202, ""},
	{"admin", "DELETE /users/{mona}", "", 204, ""},
}

// refusals have each of the shapes of A21 to A26.
var refusals = []exchange{
	{"", "GET /user", "", 401, ""},
	{"hers.token", "GET /user", "", 401, ""},
	{"admin", "GET /projects/4711", "", 404, ""},
	{"admin", "POST /groups", `{}`, 400, ""},
	{"admin", "POST /groups", `{"name":"Open","path":"open"}`, 400, ""},
	{"admin", "POST /projects", `{"name":"x","namespace_id":4711}`, 400, ""},
	{"admin", "POST /groups/{open}/access_tokens", `{"name":"","scopes":[]}`, 400, ""},
	{"admin", "POST /users", `{"email":"root2@example.org","name":"R","username":"root"}`, 409, ""},
	{"admin", "DELETE /users/1", "", 403, ""},
	{"admin", "GET /runners?pagination=keyset", "", 405, ""},
	{"admin", "POST /groups", `{`, 400, ""},
}
