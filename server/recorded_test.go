package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// recording is a request to a real GitLab and what it answered.
type recording struct {
	Version, Method, Path string
	RequestBody           string `json:"request_body"`
	Status                int
	Headers               map[string][]string
	Body                  string
}

func recordings(t *testing.T) (all []recording) {
	t.Helper()
	f, err := os.Open("testdata/gitlab-recorded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil || len(all) < 80 {
		t.Fatalf("%d recordings, %v", len(all), err)
	}
	return all
}

// What GitLab 17.11 and 18.11 really answered is what Patrol answers in the same
// situation, but for what rest.md names as a choice. Each line is asked of a
// world of its own, in which only the ids differ.
func TestRecordedAnswers(t *testing.T) {
	for i, r := range recordings(t) {
		t.Run(fmt.Sprintf("%d %s %s %s", i+1, r.Version, r.Method, strings.ReplaceAll(r.Path, "/", ":")), func(t *testing.T) {
			newRecordedWorld(t).replay(r)
		})
	}
}

// recordedWorld is the instance that the recordings were made with.
type recordedWorld struct {
	*world
	admin, normal, spare model.User
}

func newRecordedWorld(t *testing.T) *recordedWorld {
	w := &recordedWorld{world: newWorld(t)}
	w.setClock(time.Date(2026, 6, 17, 8, 34, 0, 0, time.UTC))
	w.admin = w.person(model.NewUser{Username: "admin-user", Name: "Admin User", Email: "admin@local", Admin: true}, "", model.NoRole)
	w.normal = w.person(model.NewUser{Username: "normal-user", Name: "Normal User", Email: "normal@local"}, "", model.NoRole)
	w.spare = w.person(model.NewUser{Username: "service", Name: "Service account user"}, "", model.NoRole)
	for _, n := range []model.NewPlace{
		{Kind: model.GroupPlace, FullPath: "example", Name: "example", Description: "An example group"},
		{Kind: model.GroupPlace, FullPath: "test", Name: "test", Description: "A test group"},
		{Kind: model.GroupPlace, FullPath: "service-accounts", Name: "service-accounts", Description: "Container group for the service account integration tests"},
		{Kind: model.GroupPlace, FullPath: "level-1", Name: "l1"},
		{Kind: model.GroupPlace, FullPath: "level-1/level-2", Name: "l2"},
		{Kind: model.GroupPlace, FullPath: "level-1/level-2/level-3", Name: "l3", Description: "Two levels down"},
		{Kind: model.ProjectPlace, FullPath: "example/example", Name: "example", Description: "An example project"},
		{Kind: model.ProjectPlace, FullPath: "service-accounts/project", Name: "project", Description: "Project hosting project-level service accounts for integration tests"},
	} {
		w.place(n)
	}
	return w
}

func (w *recordedWorld) place(n model.NewPlace) {
	w.Helper()
	if n.Kind == model.ProjectPlace {
		p, err := w.db.AddProject(context.Background(), root, n)
		do(w.world, p, err)
		return
	}
	g, err := w.db.AddGroup(context.Background(), root, n)
	do(w.world, g, err)
}

// replay asks what was asked, and compares the answers.
func (w *recordedWorld) replay(r recording) {
	w.Helper()
	path, options := w.request(r)
	got := w.ask(r.Method, path, options...)
	if strings.Contains(r.Path, "service_accounts") { // rest.md has none
		w.expect("A8", got, 404, noRoute)
		return
	}
	if got.status != r.Status {
		w.Fatalf("status %d, GitLab's %d: %s", got.status, r.Status, got.body)
	}
	for name, values := range r.Headers {
		if name != "Link" && got.header.Get(name) != strings.Join(values, ", ") { // Link repeats GitLab's own defaults
			w.Errorf("%s: %q, GitLab's %q", name, got.header.Get(name), values)
		}
	}
	if r.Status >= 400 || r.Body == "" {
		if got.body != r.Body {
			w.Errorf("%s, GitLab's %s", got.body, r.Body)
		}
		return
	}
	compare(w.T, choicesOf(r), "", json.RawMessage(got.body), json.RawMessage(r.Body))
}

// request is the recorded request with this world's ids, as who asked it then.
func (w *recordedWorld) request(r recording) (path string, options []string) {
	w.Helper()
	path = r.Path
	id := func(made model.IssuedToken, err error) string {
		return strconv.FormatInt(w.keep(do(w.world, made, err)).ID, 10)
	}
	user := func(u model.User) string { return strconv.FormatInt(u.ID, 10) }
	create := func(n model.NewToken) string {
		return id(w.db.CreateToken(context.Background(), root, n))
	}
	scopes := model.NewScopes([]string{"read_api"})
	for _, place := range []model.Ref{model.ProjectRef("example/example"), model.GroupRef("example")} {
		for _, number := range []string{"36", "37"} {
			if old := place.Kind.String() + "s/" + strings.ReplaceAll(place.Path, "/", "%2F") + "/access_tokens/" + number; strings.HasSuffix(path, old) {
				path = strings.TrimSuffix(path, number) + create(model.NewToken{Place: place, Name: "gat-token", Scopes: scopes, Role: model.Maintainer})
			}
		}
	}
	for old, replace := range map[string]func() string{
		"/personal_access_tokens/35": func() string {
			return "/personal_access_tokens/" + create(model.NewToken{UserID: w.normal.ID, Name: "personal", Scopes: scopes})
		},
		"/personal_access_tokens/4/rotate": func() string { return w.rotating() },
		"/personal_access_tokens/5/rotate": func() string { return w.rotating() },
		"/users/53":                        func() string { return "/users/" + user(w.spare) },
	} {
		if before, found := strings.CutSuffix(path, old); found {
			path = before + replace()
		}
	}
	admin, normal := "/users/2", "/users/3"
	if strings.HasPrefix(r.Version, "17") {
		admin, normal = normal, admin
	}
	switch {
	case strings.HasPrefix(path, "/api/v4"+admin):
		path = strings.Replace(path, admin, "/users/"+user(w.admin), 1)
	case strings.HasPrefix(path, "/api/v4"+normal+"/"):
		path = strings.Replace(path, normal, "/users/"+user(w.normal), 1)
	}
	switch {
	case strings.Contains(r.Body, "revoked. You"):
		dead := w.bot("example/example", model.Guest, model.ScopeAPI)
		w.revoke(dead.ID)
		options = append(options, token(dead.Secret.Reveal()))
	case r.Status == 401:
	case r.Status == 403, strings.HasPrefix(r.Body, "[{") && !strings.Contains(r.Body, "created_at"):
		options = append(options, token(w.personal(w.normal)))
	default:
		made, err := w.db.CreateToken(context.Background(), root, model.NewToken{UserID: w.admin.ID, Name: "Initial token",
			Scopes: []model.Scope{model.ScopeAPI}, ExpiresOn: model.DateOf(w.clock()) + 364})
		options = append(options, token(w.keep(do(w.world, made, err)).Secret.Reveal()))
	}
	if r.RequestBody != "" {
		options = append(options, "Content-Type: application/json", r.RequestBody)
	}
	return path, options
}

// rotating makes the token that is rotated.
func (w *recordedWorld) rotating() string {
	w.Helper()
	made, err := w.db.CreateToken(context.Background(), root, model.NewToken{UserID: w.admin.ID, Name: "Auto rotate token 1", Scopes: []model.Scope{model.ScopeAPI}})
	return fmt.Sprintf("/personal_access_tokens/%d/rotate", w.keep(do(w.world, made, err)).ID)
}

// choices are how rest.md wants an object otherwise than GitLab: fewer fields, in
// an order of its own; fields that are only here; and other values.
type choices struct {
	fewer, reordered bool
	ours, differ     []string
}

func choicesOf(r recording) choices {
	path, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/api/v4/"), "?")
	switch noun, _, _ := strings.Cut(path, "/"); {
	case strings.Contains(path, "access_tokens"): // A40, A55: every field is always there
		c := choices{ours: []string{"last_used_ips"}}
		if strings.HasPrefix(r.Version, "17") {
			c.ours = append(c.ours, "granular")
		}
		if strings.HasSuffix(path, "/self") { // this world's token is used for the first time
			c.differ = append(c.differ, "last_used_at")
		}
		return c
	case noun == "metadata": // A141
		return choices{differ: []string{"version", "revision", "enabled", "externalUrl", "externalK8sProxyUrl", "enterprise"}}
	case noun == "users": // A70, and namespaces are groups only (A97); 17.11 has no public_email in short ones
		return choices{fewer: true, reordered: true, ours: []string{"avatar_url", "public_email", "followers", "following", "is_auditor"},
			differ: []string{"projects_limit", "note", "can_create_group", "can_create_project", "namespace_id", "last_activity_on"}}
	case noun == "groups": // A90; who may make what is R32 and R33
		return choices{fewer: true, reordered: true, ours: append([]string{"avatar_url", "plan", "resource_access_token_creation_allowed"}, onlyInProjects...),
			differ: append([]string{"request_access_enabled", "project_creation_level"}, otherInProjects...)}
	}
	return choices{fewer: true, reordered: true, ours: append([]string{"avatar_url"}, onlyInProjects...), differ: otherInProjects} // A80
}

// A80; permissions are one's own memberships.
var (
	onlyInProjects  = []string{"container_registry_image_prefix", "permissions"}
	otherInProjects = []string{"default_branch", "merge_requests_enabled", "merge_method", "wiki_enabled", "snippets_enabled", "lfs_enabled", "merge_requests_access_level", "permissions"}
)

// varying are the fields whose value depends on the world.
var varying = regexp.MustCompile(`^(id|.*_id|.*_at|token|.*url.*|last_used_ips|last_activity_on)$`)

type jsonField struct {
	key   string
	value json.RawMessage
}

// compare compares two JSON values, and the order of what both of them have.
func compare(t *testing.T, c choices, at string, got, want json.RawMessage) {
	t.Helper()
	switch {
	case bytes.HasPrefix(got, []byte("{")) && bytes.HasPrefix(want, []byte("{")):
		compareObjects(t, c, at, objectFields(t, got), objectFields(t, want))
	case bytes.HasPrefix(got, []byte("[{")) && bytes.HasPrefix(want, []byte("[{")):
		var gotRows, wantRows []json.RawMessage
		if json.Unmarshal(got, &gotRows) != nil || json.Unmarshal(want, &wantRows) != nil || len(gotRows) != len(wantRows) {
			t.Fatalf("%s: %s, GitLab's %s", at, got, want)
		}
		for i := range gotRows {
			compare(t, c, at, gotRows[i], wantRows[i])
		}
	case !bytes.Equal(got, want):
		t.Errorf("%s: %s, GitLab's %s", at, got, want)
	}
}

func compareObjects(t *testing.T, c choices, at string, got, want []jsonField) {
	t.Helper()
	find := func(list []jsonField, key string) int {
		return slices.IndexFunc(list, func(f jsonField) bool { return f.key == key })
	}
	last := -1
	for _, f := range got {
		i := find(want, f.key)
		if i < 0 {
			if !slices.Contains(c.ours, f.key) {
				t.Errorf("%s: GitLab has no %q", at, f.key)
			}
			continue
		}
		if i < last && !c.reordered {
			t.Errorf("%s: GitLab has %q before %q", at, f.key, want[last].key)
		}
		last = max(last, i)
		switch {
		case varying.MatchString(f.key):
			if kind(f.value) != kind(want[i].value) && !slices.Contains(c.differ, f.key) {
				t.Errorf("%s: %s is %s, GitLab's %s", at, f.key, f.value, want[i].value)
			}
		case !slices.Contains(c.differ, f.key):
			compare(t, c, at+"."+f.key, f.value, want[i].value)
		}
	}
	for _, f := range want {
		if find(got, f.key) < 0 && !c.fewer {
			t.Errorf("%s: Patrol has no %q", at, f.key)
		}
	}
}

var (
	moments = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)
	days    = regexp.MustCompile(`^"\d{4}-\d\d-\d\d"$`)
)

// kind is what sort of value one is.
func kind(value json.RawMessage) string {
	switch {
	case moments.Match(value):
		return "time"
	case days.Match(value):
		return "date"
	case value[0] >= '0' && value[0] <= '9':
		return "number"
	}
	return string(value[:1])
}

// objectFields are an object's fields in their order.
func objectFields(t *testing.T, text json.RawMessage) (list []jsonField) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		f := jsonField{key: key.(string)}
		if err := d.Decode(&f.value); err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}
