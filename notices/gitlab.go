package notices

import (
	"context"
	"time"

	"patrol/model"
)

// GitLab's payload of "Resource Access Token Hook".
type (
	gitlabShape struct {
		ObjectKind string         `json:"object_kind"`
		Project    *GitLabProject `json:"project,omitempty"`
		Group      *gitlabGroup   `json:"group,omitempty"`
		Attributes gitlabToken    `json:"object_attributes"`
		EventName  string         `json:"event_name"`
	}
	// GitLabProject is a project as GitLab's webhooks show it.
	GitLabProject struct {
		ID            int64   `json:"id"`
		Name          string  `json:"name"`
		Description   *string `json:"description"`
		WebURL        string  `json:"web_url"`
		AvatarURL     *string `json:"avatar_url"`
		GitSSHURL     string  `json:"git_ssh_url"`
		GitHTTPURL    string  `json:"git_http_url"`
		Namespace     string  `json:"namespace"`
		Visibility    int     `json:"visibility_level"`
		Path          string  `json:"path_with_namespace"`
		DefaultBranch *string `json:"default_branch"`
		CIConfigPath  *string `json:"ci_config_path"`
		Homepage      string  `json:"homepage"`
		URL           string  `json:"url"`
		SSHURL        string  `json:"ssh_url"`
		HTTPURL       string  `json:"http_url"`
	}
	gitlabGroup struct {
		Name     string `json:"group_name"`
		Path     string `json:"group_path"`
		ID       int64  `json:"group_id"`
		FullPath string `json:"full_path"`
	}
	gitlabToken struct {
		UserID     int64      `json:"user_id"`
		CreatedAt  string     `json:"created_at"`
		ID         int64      `json:"id"`
		Name       string     `json:"name"`
		ExpiresAt  model.Date `json:"expires_at"`
		LastUsedAt *string    `json:"last_used_at"`
	}
)

// gitlabBody is GitLab's payload of an event; nil: GitLab has none, as of
// personal tokens.
func gitlabBody(ctx context.Context, c Config, e model.TokenEvent) ([]byte, error) {
	s := gitlabShape{ObjectKind: "access_token", EventName: "expiring_access_token",
		Attributes: gitlabToken{e.OwnerID, gitlabTime(e.CreatedAt), e.TokenID, e.Token, e.ExpiresOn, nil}}
	if !e.LastUsed.IsZero() {
		used := gitlabTime(e.LastUsed)
		s.Attributes.LastUsedAt = &used
	}
	switch {
	case isTest(e):
		s.Project = &GitLabProject{Name: "test", Namespace: "example", Path: e.PlacePath}
	case e.Place.Kind == model.ProjectPlace:
		p, err := c.Project(ctx, e.Place)
		if err != nil {
			return nil, err
		}
		s.Project = &p
	case e.Place.Kind == model.GroupPlace:
		g, err := c.Group(ctx, e.Place)
		if err != nil {
			return nil, err
		}
		s.Group = &gitlabGroup{g.Name, g.Path, g.ID, g.FullPath}
	default:
		return nil, nil
	}
	return marshal(s), nil
}

func gitlabTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
