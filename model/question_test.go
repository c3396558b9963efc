package model

import (
	"errors"
	"strings"
	"testing"
)

// The contract's WHAT, each with what it asks for.
func TestParseQuestion(t *testing.T) {
	project := func(path string) Ref { return Ref{Kind: ProjectPlace, Path: path} }
	for text, want := range map[string]Question{
		"git push acme/web":                     {Text: "git push acme/web", Access: GitPush, Action: PushCode, In: project("acme/web")},
		"git fetch /acme/web.git/":              {Text: "git fetch /acme/web.git/", Access: GitFetch, Action: ReadCode, In: project("acme/web")},
		"git fetch 7":                           {Text: "git fetch 7", Access: GitFetch, Action: ReadCode, In: project("7")},
		"registry pull acme/web/api:1.2":        {Text: "registry pull acme/web/api:1.2", Access: RegistryPull, Action: PullPackage, In: project("acme/web/api")},
		"registry push acme/web@sha256:00":      {Text: "registry push acme/web@sha256:00", Access: RegistryPush, Action: PushPackage, In: project("acme/web")},
		"auth GET":                              {Text: "auth GET", Access: RESTRead, Action: ReadSite, Own: true},
		"auth head acme/web":                    {Text: "auth HEAD acme/web", Access: RESTRead, Action: ReadSite, In: project("acme/web")},
		"auth OPTIONS":                          {Text: "auth OPTIONS", Access: RESTRead, Action: ReadSite, Own: true},
		"auth POST acme/web":                    {Text: "auth POST acme/web", Access: RESTWrite, Action: WriteSite, In: project("acme/web")},
		"auth PROPFIND":                         {Text: "auth PROPFIND", Access: RESTWrite, Action: WriteSite, Own: true},
		"k8s 3":                                 {Text: "k8s 3", Access: KubernetesGateway, Action: PushPackage, Cluster: "3"},
		"ai":                                    {Text: "ai", Access: AIGateway},
		"GET /api/v4/projects/1":                {Text: "GET /api/v4/projects/1", Access: RESTRead, Action: SeeProject, In: Ref{Kind: ProjectPlace, ID: 1}},
		"head /api/v4/projects/acme%2Fweb/?a=b": {Text: "HEAD /api/v4/projects/acme%2Fweb/", Access: RESTRead, Action: SeeProject, In: project("acme/web")},
		"GET /api/v4/user?private_token=x#y":    {Text: "GET /api/v4/user", Access: RESTUser},
		"DELETE /api/v4/projects/1/access_tokens/7": {Text: "DELETE /api/v4/projects/1/access_tokens/7", Access: RESTWrite, Action: RevokeToken,
			In: Ref{Kind: ProjectPlace, ID: 1}, Number: 7},
		"POST /api/v4/projects/1/access_tokens":      {Text: "POST /api/v4/projects/1/access_tokens", Access: RESTWrite, Action: CreateToken, In: Ref{Kind: ProjectPlace, ID: 1}},
		"DELETE /api/v4/personal_access_tokens/self": {Text: "DELETE /api/v4/personal_access_tokens/self", Access: SelfAccess, Action: RevokeSelf},
	} {
		got, err := ParseQuestion(strings.Split(text, " "))
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v\nwant %+v", text, got, err, want)
		}
		if again, err := ParseQuestion([]string{text}); err != nil || again != got {
			t.Errorf("%q as one text: %+v, %v", text, again, err)
		}
	}
}

// What is no question is refused with what could be asked, and without a word of
// what was written: it may be a secret.
func TestParseQuestionRefuses(t *testing.T) {
	const secret = "glpat-AAAAAAAAAAAAAAAAAAAA"
	for _, text := range []string{
		"", " ", secret, secret + " " + secret, "git", "git push", "git pull acme/web", "git push / ", "git push .git", "git push a b", "git " + secret + " a",
		"registry", "registry rm a", "registry pull A", "registry pull a//b", "registry pull ../a", "registry pull :1", "registry pull a b",
		"auth", "auth G3T", "auth GET a b", "k8s", "k8s a b", "ai a", "GET", "GET /", "GET /api/v4", "GET /api/v4/", "GET /api/v4/nothing", "GET /api/v5/projects/1",
		"GET /api/v4/projects//", "GET /api/v4/projects/%zz", "GET /api/v4/projects/%00", "GET /api/v4/projects/%ff", "GET api/v4/projects/1", "GET /acme/web.git/info/refs",
		"PATCH /api/v4/projects/1", "G\x00T /api/v4/projects/1", "GET /api/v4/projects/1 x", "git push a\xff", "GET https://example.org/api/v4/projects/1",
	} {
		q, err := ParseQuestion(strings.Split(text, " "))
		if err == nil {
			t.Errorf("%q: %+v", text, q)
		} else if strings.Contains(err.Error(), "glpat") || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParseQuestion(nil); !errors.Is(err, ErrQuestion) {
		t.Error(err)
	}
}

// Every endpoint can be asked about, but those whose answer hangs on the body.
func TestParseQuestionEndpoints(t *testing.T) {
	for _, e := range Endpoints {
		parts := strings.Split(e.Route, "/")
		for i, part := range parts {
			if strings.HasPrefix(part, ":") {
				parts[i] = "1"
			}
		}
		q, err := ParseQuestion([]string{e.Method, "/api/v4" + strings.Join(parts, "/")})
		if open := e.Action != NoAction || e.Method == "GET"; (err == nil) != open {
			t.Errorf("%s %s: %v", e.Method, e.Route, err)
		} else if open && (q.Access != e.Access || q.Action != e.Action || q.In.Kind != e.Place) {
			t.Errorf("%s %s: %+v", e.Method, e.Route, q)
		}
	}
}

// Nothing that is written breaks the parser, and what it has understood it
// understands again.
func FuzzParseQuestion(f *testing.F) {
	for _, s := range []string{"git push acme/web", "git push .git.git", "registry pull a/b:c@d", "auth get x", "k8s 3", "ai", "GET /api/v4/projects/a%2Fb?x#y",
		"DELETE /api/v4/projects/1/access_tokens/0007", "GET /api/v4/projects/1/", "git push \u2028x", "auth GET \x85"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQuestion([]string{s})
		if err != nil {
			return
		}
		if again, err := ParseQuestion([]string{q.Text}); err != nil || again != q {
			t.Errorf("%q: %+v, then %+v, %v", s, q, again, err)
		}
		if q.Access == NoAccess {
			t.Errorf("%q: %+v", s, q)
		}
	})
}
