package server

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// keys are an object's fields in the order in which they stand.
func keys(t *testing.T, text string) (list []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	depth := 0
	for key := true; ; {
		token, err := d.Token()
		if err != nil {
			return list
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			key = true
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			key = true
			continue
		}
		if depth == 1 && key {
			list = append(list, token.(string))
		}
		key = depth != 1 || !key
	}
}

// The objects of rest.md §16, field by field and in their order; the token's
// order is GitLab's (TestRecordedAnswers).
const (
	tokenSample   = `{"id":58,"name":"deploy","revoked":false,"created_at":"2026-11-22T10:11:12.345Z","description":null,"scopes":["api","read_repository"],"user_id":166,"last_used_at":null,"active":true,"granular":false,"expires_at":"2027-01-31","last_used_ips":[],"access_level":30,"resource_type":"project","resource_id":2,"token":"glpat-…"}`
	userSample    = `{"id":166,"username":"project_2_bot_4ffca233d8298ea1","public_email":null,"name":"deploy","state":"active","locked":false,"avatar_url":null,"web_url":"https://patrol.example/project_2_bot_4ffca233d8298ea1","created_at":"2026-11-22T10:11:12.345Z","bot":true,"bio":"","location":"","organization":"","job_title":"","work_information":null,"followers":0,"following":0,"external":false,"email":"project_2_bot_4ffca233d8298ea1@noreply.patrol.example","commit_email":"project_2_bot_4ffca233d8298ea1@noreply.patrol.example","last_activity_on":"2026-11-22","last_sign_in_at":null,"current_sign_in_at":null,"confirmed_at":"2026-11-22T10:11:12.345Z","identities":[],"can_create_group":false,"can_create_project":false,"two_factor_enabled":false,"private_profile":false,"projects_limit":100000,"theme_id":1,"color_scheme_id":1,"namespace_id":null}`
	projectSample = `{"id":2,"description":null,"name":"Web","name_with_namespace":"Acme / Web","path":"web","path_with_namespace":"acme/web","created_at":"2026-11-01T08:00:00.000Z","updated_at":"2026-11-01T08:00:00.000Z","last_activity_at":"2026-11-22T09:00:00.000Z","default_branch":"main","tag_list":[],"topics":[],"ssh_url_to_repo":"ssh://git@patrol.example:2222/acme/web.git","http_url_to_repo":"https://patrol.example/acme/web.git","web_url":"https://patrol.example/acme/web","readme_url":null,"avatar_url":null,"forks_count":0,"star_count":0,"namespace":{"id":1,"name":"Acme","path":"acme","kind":"group","full_path":"acme","parent_id":null,"avatar_url":null,"web_url":"https://patrol.example/groups/acme"},"visibility":"private","archived":false,"empty_repo":false,"creator_id":1,"issues_enabled":true,"packages_enabled":true,"container_registry_enabled":true,"container_registry_image_prefix":"registry.patrol.example/acme/web","open_issues_count":1,"merge_requests_access_level":"disabled","merge_requests_enabled":false,"merge_method":"merge","wiki_enabled":false,"snippets_enabled":false,"lfs_enabled":false,"permissions":{"project_access":{"access_level":30,"notification_level":3},"group_access":null}}`
)

// like compares with a sample: the same fields in the same order, and the same
// values but those that vary, named by their fields.
func (w *world) like(rule string, got answer, status int, sample string, varying ...string) {
	w.Helper()
	if got.status != status || got.header.Get("Content-Type") != "application/json" {
		w.Errorf("%s: %d %s %s", rule, got.status, got.header.Get("Content-Type"), got.body)
		return
	}
	if k, want := keys(w.T, got.body), keys(w.T, sample); !slices.Equal(k, want) {
		w.Errorf("%s: fields\n got %v\nwant %v", rule, k, want)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(sample), &want); err != nil {
		w.Fatal(err)
	}
	for key, value := range got.object(w.T) {
		if !slices.Contains(varying, key) && !reflect.DeepEqual(value, want[key]) {
			w.Errorf("%s: %s is %v, in the sample %v", rule, key, value, want[key])
		}
	}
}

// A40, A55, A70, A80, A140: the objects as clients get them.
func TestObjects(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.URL, c.Revision = "https://patrol.example", "abc" })
	w.set("host", "patrol.example")
	w.setClock(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC))
	w.project("acme/other", model.Private)
	w.project("acme/web", model.Private)
	w.setClock(time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC))
	mona := w.caller("mona", "acme/web", model.Owner)

	got := w.ask("POST", tokensOfWeb, token(mona), jsonBody, `{"name":"deploy","scopes":["api","read_repository"],"expires_at":"2027-01-31","access_level":30}`)
	w.like("A40", got, 201, tokenSample, "id", "user_id", "token")
	made := got.object(t)
	secret := made["token"].(string)
	w.secrets = append(w.secrets, secret)
	if !regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20}$`).MatchString(secret) {
		t.Error("R140: the secret's form")
	}
	shown := got.body[:strings.Index(got.body, `,"token"`)] + "}"
	w.expect("A42", w.ask("GET", fmt.Sprintf("%s/%v", tokensOfWeb, made["id"]), token(mona)), 200, shown)
	w.expect("A41", w.ask("GET", tokensOfWeb, token(mona)), 200, "["+shown+"]")

	bot := w.ask("GET", "/api/v4/user", token(secret))
	sample := strings.ReplaceAll(userSample, "project_2_bot_4ffca233d8298ea1", bot.object(t)["username"].(string))
	w.like("A70", bot, 200, sample, "id", "last_activity_on")
	if id := bot.object(t)["id"]; id != made["user_id"] {
		t.Errorf("A40: user_id %v, /user says %v", made["user_id"], id)
	}
	rootKeys := append(keys(t, userSample), "is_admin", "is_auditor", "note")
	if k := keys(t, w.ask("GET", "/api/v4/user", token(w.rootToken())).body); !slices.Equal(k, rootKeys) {
		t.Errorf("A70: administrators see %v", k)
	}
	human := w.ask("GET", "/api/v4/user", token(mona)).object(t)
	if human["bot"] != false || human["can_create_group"] != true || human["web_url"] != "https://patrol.example/mona" {
		t.Errorf("A70: %v", human)
	}

	self := w.ask("GET", self, token(secret))
	w.like("A59, A55", self, 200, tokenSample[:strings.Index(tokenSample, `,"access_level"`)]+"}", "id", "user_id", "last_used_at", "last_used_ips")

	for _, id := range []string{"2", "acme%2Fweb", "ACME%2fWeb"} {
		got := w.ask("GET", "/api/v4/projects/"+id, token(secret))
		w.like("A80, A4", got, 200, projectSample, "name", "name_with_namespace", "last_activity_at", "default_branch", "namespace", "empty_repo", "open_issues_count")
		var project struct{ Namespace json.RawMessage }
		if err := json.Unmarshal([]byte(got.body), &project); err != nil {
			t.Fatal(err)
		}
		if want := `{"id":1,"name":"acme","path":"acme","kind":"group","full_path":"acme","parent_id":null,"avatar_url":null,"web_url":"https://patrol.example/groups/acme"}`; string(project.Namespace) != want {
			t.Errorf("A80: namespace\n got %s\nwant %s", project.Namespace, want)
		}
	}
	w.expect("A140", w.ask("GET", "/api/v4/version", token(secret)), 200, `{"version":"18.11.0","revision":"abc"}`)
	w.expect("A140", w.ask("GET", "/api/v4/version"), 401, unauthorized)
	w.expect("A71", w.ask("GET", "/api/v4/user"), 401, unauthorized)
}

// A25, A27, R35: what isn't there and what isn't seen.
func TestProjectSeen(t *testing.T) {
	w := newWorld(t)
	w.project("acme/open", model.Public)
	w.project("acme/web", model.Private)
	stranger := w.caller("nora", "", 0)
	public := w.ask("GET", "/api/v4/projects/acme%2Fopen")
	if public.status != 200 || strings.Contains(public.body, "permissions") {
		t.Errorf("A27: %d %s", public.status, public.body)
	}
	w.expect("A27", w.ask("GET", "/api/v4/projects/acme%2Fweb"), 404, noProject)
	missing := w.ask("GET", "/api/v4/projects/99", token(stranger))
	for _, id := range []string{"acme%2Fweb", "2", "acme%2Fnothing", "%00", "%ff", "..", "acme", "acme%2F..%2Facme%2Fopen", "0", "-1", "1e0", strings.Repeat("9", 30), "acme%2Fopen.json"} {
		got := w.ask("GET", "/api/v4/projects/"+id, token(stranger))
		w.expect("R35 "+id, got, 404, noProject)
		for key, values := range missing.header {
			if key != "X-Request-Id" && key != "Date" && !slices.Equal(values, got.header[key]) {
				t.Errorf("R35: %s of %s: %q and %q", key, id, values, got.header[key])
			}
		}
	}
	if missing.header.Get("X-Patrol-Rule") != "R35" || missing.header.Get("X-Patrol-Reason") == "" {
		t.Errorf("A7: %v", missing.header)
	}
}
