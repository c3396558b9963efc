package door

import (
	"context"
	"errors"
	"net/http"

	"patrol/git"
	"patrol/model"
)

// Service is one of Git's two, and what G11 says where it is refused.
type Service struct {
	Name    git.Service // as in addresses and commands
	Asked   string      // in words, before the project's path
	Access  model.Access
	Action  model.Action
	NoScope string
	NoRole  string
}

// The services.
var (
	Fetching = &Service{git.UploadPack, "git fetch ", model.GitFetch, model.ReadCode,
		"You are not allowed to download code.", "You are not allowed to download code from this project."}
	Pushing = &Service{git.ReceivePack, "git push ", model.GitPush, model.PushCode,
		"You are not allowed to upload code.", "You are not allowed to push code to this project."}
)

// ServiceNamed is the service with that name; nil: there is none.
func ServiceNamed(name string) *Service {
	switch git.Service(name) {
	case Fetching.Name:
		return Fetching
	case Pushing.Name:
		return Pushing
	}
	return nil
}

// The texts of G11 that both services share, and G30's.
const (
	TextAccessDenied = "HTTP Basic: Access denied. The token may be wrong, expired or revoked, or the user name empty."
	TextNoProject    = "The project you were looking for could not be found or you don't have permission to view it."
	TextNoRepository = "A repository for this project does not exist yet."
	TextNoSlot       = "Too many Git processes are running. Try again in a moment."
)

// NoEntry is the answer of G11 to who isn't let into a repository.
type NoEntry struct {
	Status int    // of HTTP
	Text   string // for people
	Reason *model.Reason
}

// EnterRepository takes G11's steps from the scope on, for a visit that has been
// identified. What it refuses is noted; an error is no refusal.
func (v *Visit) EnterRepository(ctx context.Context, project string, s *Service) (model.Entrance, *NoEntry, error) {
	v.Asked = s.Asked + project
	if err := v.Admit(s.Access); err != nil {
		return model.Entrance{}, v.noEntry(http.StatusForbidden, s.NoScope, err), nil
	}
	e, err := v.House.Store.Enter(ctx, v.Pass.Caller, s.Access, s.Action, ProjectAt(project))
	switch {
	case errors.Is(err, model.ErrDenied):
		seen, seeing := v.House.Store.Enter(ctx, v.Pass.Caller, s.Access, model.SeeProject, ProjectAt(project))
		if seeing == nil && seen.Repository == "" { // step 6 comes before step 7
			return e, v.noEntry(http.StatusNotFound, TextNoRepository, nil), nil
		}
		return e, v.noEntry(http.StatusForbidden, s.NoRole, err), nil
	case errors.Is(err, model.ErrNotFound):
		return e, v.noEntry(http.StatusNotFound, TextNoProject, err), nil
	case err == nil && e.Repository == "":
		return e, v.noEntry(http.StatusNotFound, TextNoRepository, nil), nil
	}
	return e, nil, err
}

func (v *Visit) noEntry(status int, text string, err error) *NoEntry {
	no := &NoEntry{Status: status, Text: text}
	if errors.As(err, &no.Reason) {
		v.Refused(no.Reason)
	}
	return no
}

// ProjectAt names a project by its path only: digits are no number here.
func ProjectAt(path string) model.Ref { return model.Ref{Kind: model.ProjectPlace, Path: path} }
