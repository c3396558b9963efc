package test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// go-git, Git written anew in Go, clones and pushes with a token.
func TestGoGit(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	url := p.url + "/acme/web.git"
	writes := &http.BasicAuth{Username: "any", Password: p.deploy(t, "acme/web", "developer", "write_repository")}
	reads := &http.BasicAuth{Username: "any", Password: p.deploy(t, "acme/web", "reporter", "read_repository")}

	dir := t.TempDir()
	work, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := work.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{url}}); err != nil {
		t.Fatal(err)
	}
	tree, err := work.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "README", "hello\n")
	if _, err := tree.Add("README"); err != nil {
		t.Fatal(err)
	}
	first, err := tree.Commit("First", &git.CommitOptions{Author: &object.Signature{Name: "Dave", Email: "d@example.com", When: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	push := &git.PushOptions{Auth: writes, RefSpecs: []config.RefSpec{"refs/heads/master:refs/heads/main"}}
	if err := work.PushContext(t.Context(), push); err != nil {
		t.Fatalf("R23: %v", err)
	}
	read, err := git.PlainCloneContext(t.Context(), t.TempDir(), false, &git.CloneOptions{URL: url, Auth: reads})
	if err != nil {
		t.Fatalf("R21: %v", err)
	}
	if head, err := read.Head(); err != nil || head.Hash() != first || head.Name().Short() != "main" {
		t.Errorf("R21: the clone's head is %v, %v", head, err)
	}

	for _, c := range []struct {
		what, url string
		auth      *http.BasicAuth
		err       error
	}{
		{"a wrong secret", url, &http.BasicAuth{Username: "any", Password: "glpat-aaaaaaaaaaaaaaaaaaaa"}, transport.ErrAuthenticationRequired},
		{"R35: no such project", p.url + "/acme/none.git", reads, transport.ErrRepositoryNotFound},
	} {
		_, err := git.PlainCloneContext(t.Context(), t.TempDir(), true, &git.CloneOptions{URL: c.url, Auth: c.auth})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
	}
	err = read.PushContext(t.Context(), &git.PushOptions{Auth: reads, RefSpecs: []config.RefSpec{"refs/heads/main:refs/heads/more"}})
	if !errors.Is(err, transport.ErrAuthorizationFailed) {
		t.Errorf("R60: read_repository pushes: %v", err)
	}
}
