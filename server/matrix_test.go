package server

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"patrol/model"
	"patrol/server/ssh"
)

// doorway is one way in, and what explain is asked about it.
type doorway struct {
	question string // %s: the project's path
	through  func(w *world, p model.Project, secret string) bool
}

// shell is the SSH door of a world, and the connections that tokens have opened.
type shell struct {
	address string
	by      map[string]*gossh.Client // by secret; nil: it wasn't let in
}

// shell opens it.
func (w *world) shell() *shell {
	w.Helper()
	key, err := ssh.NewHostKey()
	do(w, key, err)
	door, err := ssh.New(ssh.Config{House: w.server.House, Git: w.server.Git, HostKey: key})
	do(w, door, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	do(w, l, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, l) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	})
	return &shell{l.Addr().String(), map[string]*gossh.Client{}}
}

// through tells whether a token gets to run a command of Git's.
func (s *shell) through(secret, command string) bool {
	client, known := s.by[secret]
	if !known {
		client, _ = gossh.Dial("tcp", s.address, &gossh.ClientConfig{User: "x", Auth: []gossh.AuthMethod{gossh.Password(secret)}, HostKeyCallback: gossh.InsecureIgnoreHostKey()})
		s.by[secret] = client
	}
	if client == nil {
		return false
	}
	session, err := client.NewSession()
	if err != nil {
		return false
	}
	defer session.Close()
	session.Stdin = strings.NewReader("0000")
	return session.Run(command) == nil
}

var doorways = []doorway{
	{"git fetch %s", func(w *world, p model.Project, secret string) bool {
		return w.ssh.through(secret, "git-upload-pack '"+p.FullPath+".git'")
	}},
	{"git push %s", func(w *world, p model.Project, secret string) bool {
		return w.ssh.through(secret, "git receive-pack /"+p.FullPath)
	}},
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

// Every door answers every kind and state of token as the policy does, and as
// explain says (R170, R172).
func TestEveryDoor(t *testing.T) {
	for _, v := range model.Visibilities {
		t.Run(v.String(), func(t *testing.T) {
			w := newWorld(t)
			w.ssh = w.shell()
			places := []model.Project{w.project("acme/web", v), w.project("other/web", v)}
			url := upstream(t, echo)
			w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":%q}`, url))
			w.set(model.SettingK8sUpstreams, fmt.Sprintf(`[{"id":1,"project":"acme/web","url":%q},{"id":2,"project":"other/web","url":%q}]`, url, url))
			var tokens []model.IssuedToken
			for _, scope := range model.BotScopes {
				for _, role := range model.Roles {
					tokens = append(tokens, w.bot("acme/web", role, scope))
				}
				mona := w.person(model.NewUser{Username: "mona-" + strings.ReplaceAll(string(scope), "_", "-")}, "acme/web", model.Developer)
				tokens = append(tokens,
					w.issue(model.NewToken{Place: model.GroupRef("acme"), Role: model.Developer, Scopes: model.Scopes{scope}}),
					w.issue(model.NewToken{UserID: mona.ID, Scopes: model.Scopes{scope}}))
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
			if opened := w.walk(tokens, places); opened < 150 {
				t.Errorf("only %d of the questions were answered with yes", opened)
			}
			w.setClock(w.clock().AddDate(1, 1, 0)) // all have expired
			some := slices.DeleteFunc(tokens, func(made model.IssuedToken) bool { return made.ID%5 != 0 })
			if opened := w.walk(some, places); opened > 0 && v != model.Public {
				t.Errorf("%d of the questions about expired tokens were answered with yes", opened)
			}
		})
	}
}

// issue makes a token of any kind.
func (w *world) issue(n model.NewToken) model.IssuedToken {
	w.Helper()
	n.Name = "any"
	made, err := w.db.CreateToken(w.Context(), root, n)
	do(w, made, err)
	return w.keep(made)
}

// walk asks every door about every token and place, and explain as well. It gives
// how many were let through.
func (w *world) walk(tokens []model.IssuedToken, places []model.Project) (opened int) {
	for _, made := range tokens {
		for _, p := range places {
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
					w.Fatalf("%s: %v", text, err)
				}
				explained, err := w.db.Explain(w.Context(), root, made.ID, question)
				if err != nil {
					w.Fatalf("%s: %v", text, err)
				}
				through := d.through(w, p, made.Secret.Reveal())
				if through {
					opened++
				}
				if through != explained.Decision.Allowed {
					w.Errorf("R172: %s with a %s token of %v as %v: the door says %v, explain %+v", text, made.Kind, made.Scopes, made.Role, through, explained.Decision)
				}
			}
		}
	}
	return opened
}
