package model

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is one door or set of doors that a token opens, with GitLab's name (R60).
type Scope string

// The scopes of R60.
const (
	ScopeAPI             Scope = "api"
	ScopeReadAPI         Scope = "read_api"
	ScopeReadRegistry    Scope = "read_registry"
	ScopeWriteRegistry   Scope = "write_registry"
	ScopeReadRepository  Scope = "read_repository"
	ScopeWriteRepository Scope = "write_repository"
	ScopeCreateRunner    Scope = "create_runner"
	ScopeAIFeatures      Scope = "ai_features"
	ScopeK8sProxy        Scope = "k8s_proxy"
	ScopeSelfRotate      Scope = "self_rotate"
	ScopeReadUser        Scope = "read_user" // personal tokens only
)

// Scopes is a list of scopes in the order in which they were asked for,
// without duplicates.
type Scopes []Scope

// BotScopes are those that a project or group token can have, in the order of
// the specification's table.
var BotScopes = Scopes{
	ScopeAPI, ScopeReadAPI, ScopeReadRegistry, ScopeWriteRegistry, ScopeReadRepository,
	ScopeWriteRepository, ScopeCreateRunner, ScopeAIFeatures, ScopeK8sProxy, ScopeSelfRotate,
}

// PersonalScopes are those that a personal token can have.
var PersonalScopes = append(slices.Clone(BotScopes), ScopeReadUser)

// ScopesFor are the scopes that a token of kind k can have (R52).
func ScopesFor(k TokenKind) Scopes {
	if k == PersonalToken {
		return PersonalScopes
	}
	return BotScopes
}

// Has tells whether s is among the scopes.
func (list Scopes) Has(s Scope) bool { return slices.Contains(list, s) }

// HasAny tells whether any of the scopes given is among these.
func (list Scopes) HasAny(of Scopes) bool { return slices.ContainsFunc(of, list.Has) }

// String is the scopes parted by blanks, as in A22.
func (list Scopes) String() string { return list.join(" ") }

func (list Scopes) join(by string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(by)
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// NewScopes drops duplicates and keeps the order (R52). It does not judge: see
// Scopes.Unknown.
func NewScopes(names []string) Scopes {
	list := make(Scopes, 0, len(names))
	for _, name := range names {
		if s := Scope(name); !list.Has(s) {
			list = append(list, s)
		}
	}
	return list
}

// Unknown is nil, or an error that names the first scope that a token of kind k
// cannot have.
func (list Scopes) Unknown(k TokenKind) error {
	for _, s := range list {
		if !ScopesFor(k).Has(s) {
			return fmt.Errorf("%q is not a scope of %s tokens: use %s", string(s), k, ScopesFor(k).join(", "))
		}
	}
	return nil
}
