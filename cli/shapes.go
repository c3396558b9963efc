package cli

import (
	"encoding/hex"
	"encoding/json"
	"time"

	"patrol/model"
)

// stamp is a time in JSON: UTC with milliseconds, null if there is none (A3).
type stamp time.Time

func (t stamp) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// orNull is v, or null where v is the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// tokenShape is REST's token object (A40); a personal token's has no role and
// no place (A55).
type tokenShape struct {
	ID           int64        `json:"id"`
	Name         string       `json:"name"`
	Revoked      bool         `json:"revoked"`
	CreatedAt    stamp        `json:"created_at"`
	Description  *string      `json:"description"`
	Scopes       model.Scopes `json:"scopes"`
	UserID       int64        `json:"user_id"`
	LastUsedAt   stamp        `json:"last_used_at"`
	Active       bool         `json:"active"`
	Granular     bool         `json:"granular"` // false
	ExpiresAt    model.Date   `json:"expires_at"`
	LastUsedIPs  []string     `json:"last_used_ips"`
	AccessLevel  model.Role   `json:"access_level,omitempty"`
	ResourceType string       `json:"resource_type,omitempty"`
	ResourceID   int64        `json:"resource_id,omitempty"`
	Replaced     *replacement `json:"replaced,omitempty"`
	Token        string       `json:"token,omitempty"` // in the answer of create and rotate only (R143)
}

// replacement is of a token that was rotated with an overlap (R69).
type replacement struct {
	By    int64 `json:"by"`    // the id of its successor
	Until stamp `json:"until"` // its own secret stops working
}

func shapeToken(t model.Token, today model.Date) tokenShape {
	shape := tokenShape{ID: t.ID, Name: t.Name, Description: t.Description, Revoked: !t.RevokedAt.IsZero(),
		CreatedAt: stamp(t.CreatedAt), Scopes: t.Scopes, UserID: t.User.ID, LastUsedAt: stamp(t.LastUsedAt),
		LastUsedIPs: append([]string{}, t.LastUsedIPs...), Active: t.State(today) == model.Active, ExpiresAt: t.ExpiresOn}
	if t.Place.Kind != model.NoPlace {
		shape.AccessLevel, shape.ResourceType, shape.ResourceID = t.Role, t.Place.Kind.String(), t.Place.ID
	}
	if t.ReplacedBy != 0 {
		shape.Replaced = &replacement{t.ReplacedBy, stamp(t.ReplacedUntil)}
	}
	return shape
}

type userShape struct {
	ID           int64      `json:"id"`
	Username     string     `json:"username"`
	Name         string     `json:"name"`
	Email        string     `json:"email"`
	Kind         string     `json:"kind"`
	State        string     `json:"state"`
	Bot          bool       `json:"bot"`
	IsAdmin      bool       `json:"is_admin"`
	IsAuditor    bool       `json:"is_auditor"`
	External     bool       `json:"external"`
	CreatedAt    stamp      `json:"created_at"`
	LastActivity model.Date `json:"last_activity_on"`
}

func shapeUser(u model.User) userShape {
	return userShape{ID: u.ID, Username: u.Username, Name: u.Name, Email: u.Email, Kind: u.Kind.String(), State: userState(u),
		Bot: u.Kind == model.Bot, IsAdmin: u.Admin, IsAuditor: u.Auditor, External: u.External,
		CreatedAt: stamp(u.CreatedAt), LastActivity: u.LastActive}
}

func userState(u model.User) string {
	if u.Blocked {
		return "blocked"
	}
	return "active"
}

type keyShape struct {
	ID          int64  `json:"id"`
	Title       string `json:"title"`
	Fingerprint string `json:"fingerprint_sha256"`
	CreatedAt   stamp  `json:"created_at"`
}

func shapeKey(k model.Key) keyShape {
	return keyShape{ID: k.ID, Title: k.Title, Fingerprint: k.Fingerprint, CreatedAt: stamp(k.AddedAt)}
}

type groupShape struct {
	ID            int64      `json:"id"`
	Name          string     `json:"name"`
	Path          string     `json:"path"`
	FullName      string     `json:"full_name"`
	FullPath      string     `json:"full_path"`
	ParentID      *int64     `json:"parent_id"`
	Description   string     `json:"description"`
	Visibility    string     `json:"visibility"`
	CreatedAt     stamp      `json:"created_at"`
	TokenCreation bool       `json:"resource_access_token_creation_allowed"`
	Plan          model.Plan `json:"plan"`
}

func shapeGroup(g model.Group) groupShape {
	return groupShape{ID: g.ID, Name: g.Name, Path: g.Path, FullName: g.FullName, FullPath: g.FullPath, ParentID: orNull(g.ParentID),
		Description: g.Description, Visibility: g.Visibility.String(), CreatedAt: stamp(g.CreatedAt),
		TokenCreation: g.TokenCreation, Plan: g.Plan}
}

type projectShape struct {
	ID            int64          `json:"id"`
	Description   *string        `json:"description"`
	Name          string         `json:"name"`
	FullName      string         `json:"name_with_namespace"`
	Path          string         `json:"path"`
	FullPath      string         `json:"path_with_namespace"`
	CreatedAt     stamp          `json:"created_at"`
	UpdatedAt     stamp          `json:"updated_at"`
	DefaultBranch *string        `json:"default_branch"`
	Namespace     namespaceShape `json:"namespace"`
	Visibility    string         `json:"visibility"`
	CreatorID     int64          `json:"creator_id"`
}

type namespaceShape struct {
	ID       int64  `json:"id"`
	Kind     string `json:"kind"`
	FullPath string `json:"full_path"`
}

func shapeProject(p model.Project) projectShape {
	group, _ := model.SplitPath(p.FullPath)
	return projectShape{ID: p.ID, Description: orNull(p.Description), Name: p.Name, FullName: p.FullName, Path: p.Path, FullPath: p.FullPath,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt), DefaultBranch: orNull(p.DefaultBranch),
		Namespace:  namespaceShape{p.GroupID, model.GroupPlace.String(), group},
		Visibility: p.Visibility.String(), CreatorID: p.CreatorID}
}

type memberShape struct {
	ID          int64      `json:"id"`
	Username    string     `json:"username"`
	Name        string     `json:"name"`
	State       string     `json:"state"`
	Bot         bool       `json:"bot"`
	AccessLevel model.Role `json:"access_level"`
	CreatedAt   stamp      `json:"created_at"`
	CreatedBy   *string    `json:"created_by"` // username
	ExpiresAt   model.Date `json:"expires_at"`
	From        string     `json:"from"` // full path of the place that the membership is in
}

func shapeMember(m model.Member) memberShape {
	shape := memberShape{ID: m.User.ID, Username: m.User.Username, Name: m.User.Name, State: userState(m.User),
		Bot: m.User.Kind == model.Bot, AccessLevel: m.Role, CreatedAt: stamp(m.CreatedAt), ExpiresAt: m.ExpiresOn, From: m.FromPath}
	if m.CreatedBy != nil {
		shape.CreatedBy = &m.CreatedBy.Username
	}
	return shape
}

type settingShape struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Allowed string `json:"allowed"`
}

type featureShape struct {
	Name    string  `json:"name"`
	Project *string `json:"project"` // full path; null: the global value
	On      bool    `json:"on"`
	Default bool    `json:"default"` // nobody has set it
}

type entryShape struct {
	Number     int64           `json:"number"`
	At         stamp           `json:"at"`
	UserID     *int64          `json:"user_id"`
	User       string          `json:"user"`
	AsID       *int64          `json:"as_id"`
	As         *string         `json:"as"`
	TokenID    *int64          `json:"token_id"`
	Door       model.Door      `json:"door"`
	Address    string          `json:"address"`
	Action     string          `json:"action"`
	TargetKind string          `json:"target_kind"`
	TargetID   *int64          `json:"target_id"`
	TargetPath string          `json:"target_path"`
	Change     json.RawMessage `json:"change"`
	Outcome    string          `json:"outcome"`
	Rule       *string         `json:"rule"`
	Count      int             `json:"count"`
	Previous   string          `json:"previous"`
	Hash       string          `json:"hash"`
}

func shapeEntry(e model.Entry) entryShape {
	shape := entryShape{Number: e.Number, At: stamp(e.At), UserID: orNull(e.UserID), User: e.User, AsID: orNull(e.AsID), As: orNull(e.As),
		TokenID: orNull(e.TokenID), Door: e.Door, Address: e.Address, Action: e.Action, TargetKind: e.TargetKind,
		TargetID: orNull(e.TargetID), TargetPath: e.TargetPath, Outcome: outcome(e), Rule: orNull(e.Rule), Count: e.Count,
		Previous: hex.EncodeToString(e.Previous[:]), Hash: hex.EncodeToString(e.Hash[:])}
	if e.Change != "" {
		shape.Change = json.RawMessage(e.Change)
	}
	return shape
}

func outcome(e model.Entry) string {
	if e.Refused {
		return "refused"
	}
	return "done"
}
