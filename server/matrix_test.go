package server

import (
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// doorway is one way in, and what explain is asked about it.
type doorway struct {
	question string // %s: the project's path
	through  func(w *world, p model.Project, secret string) bool
}

var doorways = []doorway{
	{"git fetch %s", func(w *world, p model.Project, secret string) bool {
		return w.git("GET", "/"+p.FullPath+fetchRefs, "x", secret).status == 200
	}},
	{"git push %s", func(w *world, p model.Project, secret string) bool {
		return w.git("GET", "/"+p.FullPath+pushRefs, "x", secret).status == 200
	}},
	{"registry pull %s", granted("pull")},
	{"registry push %s", granted("push")},
	{"auth GET %s", func(w *world, p model.Project, secret string) bool {
		return w.ask("GET", "/auth?via=nginx&project="+p.FullPath, token(secret), "X-Original-Method: GET").status == 200
	}},
	{"auth POST %s", func(w *world, p model.Project, secret string) bool {
		return w.ask("GET", "/auth?via=nginx&project="+p.FullPath, token(secret), "X-Original-Method: POST").status == 200
	}},
	{"GET /api/v4/projects/%s", func(w *world, p model.Project, secret string) bool {
		return w.ask("GET", fmt.Sprintf("/api/v4/projects/%d", p.ID), token(secret)).status == 200
	}},
	{"POST /api/v4/projects/%s/issues", func(w *world, p model.Project, secret string) bool {
		return w.ask("POST", fmt.Sprintf("/api/v4/projects/%d/issues", p.ID), token(secret), "Content-Type: application/json", `{"title":"x"}`).status == 201
	}},
	{"GET /api/v4/projects/%s/packages", func(w *world, p model.Project, secret string) bool {
		return w.ask("GET", fmt.Sprintf("/api/v4/projects/%d/packages", p.ID), token(secret)).status == 200
	}},
	{"PUT /api/v4/projects/%s/packages/generic/a/1/b", func(w *world, p model.Project, secret string) bool {
		return w.ask("PUT", fmt.Sprintf("/api/v4/projects/%d/packages/generic/a/1/b", p.ID), token(secret), "x").status == 201
	}},
	{"ai", func(w *world, p model.Project, secret string) bool {
		return w.ask("POST", "/api/v4/chat/completions", token(secret)).status == 418
	}},
	{"k8s %[2]d", func(w *world, p model.Project, secret string) bool {
		return w.ask("GET", "/-/k8s-proxy/", fmt.Sprintf("Authorization: Bearer pat:%d:%s", p.ID, secret)).status == 418
	}},
}

func granted(action string) func(*world, model.Project, string) bool {
	return func(w *world, p model.Project, secret string) bool {
		_, claims, _ := w.images("&scope=repository:"+p.FullPath+":"+action, "x", secret)
		return claims != nil && len(claims["access"].([]any)) == 1
	}
}

// Every door answers every kind of token as the policy does, and as explain says
// (R170, R172).
func TestEveryDoor(t *testing.T) {
	for _, v := range model.Visibilities {
		t.Run(v.String(), func(t *testing.T) {
			w := newWorld(t)
			own, other := w.project("acme/web", v), w.project("other/web", v)
			url := upstream(t, echo)
			w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":%q}`, url))
			w.set(model.SettingK8sUpstreams, fmt.Sprintf(`[{"id":1,"project":"acme/web","url":%q},{"id":2,"project":"other/web","url":%q}]`, url, url))
			var tokens []model.IssuedToken
			for _, scope := range model.BotScopes {
				for _, role := range model.Roles {
					tokens = append(tokens, w.bot("acme/web", role, scope))
				}
			}
			for _, state := range []string{"revoked", "rotated"} {
				made := w.bot("acme/web", model.Owner, model.BotScopes...)
				tokens = append(tokens, made)
				if state == "revoked" {
					w.revoke(made.ID)
				} else if _, err := w.db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{}, made.ID); err != nil {
					t.Fatal(err)
				}
			}
			opened := 0
			for _, made := range tokens {
				for _, p := range []model.Project{own, other} {
					for _, d := range doorways {
						text := d.question
						if strings.Contains(text, "%") {
							path := p.FullPath
							if strings.Contains(text, "/api/v4/") {
								path = strings.ReplaceAll(path, "/", "%2F")
							}
							text = fmt.Sprintf(text, path, p.ID)
							text, _, _ = strings.Cut(text, "%!(EXTRA")
						}
						question, err := model.ParseQuestion([]string{text})
						if err != nil {
							t.Fatalf("%s: %v", text, err)
						}
						explained, err := w.db.Explain(t.Context(), root, made.ID, question)
						if err != nil {
							t.Fatalf("%s: %v", text, err)
						}
						through := d.through(w, p, made.Secret.Reveal())
						if through {
							opened++
						}
						if through != explained.Decision.Allowed {
							t.Errorf("R172: %s with %v as %v: the door says %v, explain %+v", text, made.Scopes, made.Role, through, explained.Decision)
						}
					}
				}
			}
			if opened < 100 {
				t.Errorf("only %d of the questions were answered with yes", opened)
			}
		})
	}
}
