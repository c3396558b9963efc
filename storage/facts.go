package storage

import (
	"database/sql"
	"strconv"
	"strings"

	"patrol/model"
)

// The facts that model.Decide asks for, read in the use case's own transaction.

// instance is what the settings and the global flag say.
type instance struct {
	settings map[string]string
	flag     bool // the feature flag's global value (R70)
}

const settingsSQL = `SELECT key, value FROM settings`

const globalFlagSQL = `SELECT coalesce((SELECT value FROM features WHERE name = ?), TRUE)`

// instance reads them once in a transaction.
func (t *tx) instance() (*instance, error) {
	if t.chain != nil {
		t.read = t.chain.instance
	}
	if t.read != nil {
		return t.read, nil
	}
	in := &instance{settings: map[string]string{}}
	for _, s := range model.DefaultSettings() {
		in.settings[s.Key] = s.Default
	}
	err := t.rows(settingsSQL, nil, func(scan func(...any) error) error {
		var key, value string
		if err := scan(&key, &value); err != nil {
			return err
		}
		in.settings[key] = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := t.row(globalFlagSQL, []any{model.FeatureName}, &in.flag); err != nil {
		return nil, err
	}
	if t.chain != nil {
		t.chain.instance = in
	}
	t.read = in
	return in, nil
}

// settingsChanged makes the next use case of the same commit read them again.
func (t *tx) settingsChanged() { t.chain.instance = nil }

func (in *instance) saas() bool { return in.settings[model.SettingInstanceKind] == model.SaaS }

// number is a setting's number, 0 if it is empty.
func (in *instance) number(key string) int {
	n, _ := strconv.Atoi(in.settings[key]) // checked when it was set
	return n
}

func (in *instance) host() string { return in.settings[model.SettingHost] }

// access is what a token must open for a use case; people without a token need
// no scope.
func (t *tx) access(a model.Access) model.Access {
	if t.actor.TokenID == 0 {
		return model.NoAccess
	}
	return a
}

const callerSQL = `SELECT kind, username, name, admin, auditor, external, blocked FROM users WHERE id = ? AND deleted_at IS NULL`

const credentialSQL = `SELECT kind, user_id, coalesce(project_id, group_id, 0), scopes, expires_on,
	revoked_at IS NOT NULL OR coalesce(replaced_until <= ?2, FALSE), replaced_by IS NOT NULL FROM tokens WHERE id = ?1`

// caller reads what is known of the actor now: his token may have been revoked,
// his account blocked or deleted since he was let in.
func (t *tx) caller() (model.Caller, error) {
	c := model.Caller{UserID: t.actor.ID()}
	if c.UserID == 0 {
		return c, nil
	}
	self := model.User{ID: c.UserID}
	found, err := t.row(callerSQL, []any{c.UserID}, &c.Kind, &self.Username, &self.Name, &c.Admin, &c.Auditor, &c.External, &c.Blocked)
	if err != nil {
		return c, err
	}
	if !found && t.actor.TokenID == 0 {
		return c, &model.Reason{Rule: "R171", Text: "This user is gone.", Kind: model.ErrUnauthenticated}
	}
	if found {
		self.Kind = c.Kind
		t.self = self
	}
	if t.actor.TokenID != 0 {
		c.Token, err = t.credential(t.actor.TokenID)
	}
	return c, err
}

func (t *tx) credential(id int64) (*model.Credential, error) {
	c := &model.Credential{ID: id}
	var scopes, expires string
	var owner int64
	found, err := t.row(credentialSQL, []any{id, t.now.UnixMilli()}, &c.Kind, &owner, &c.Place.ID, &scopes, &expires, &c.Revoked, &c.Replaced)
	if err != nil {
		return nil, err
	}
	if !found {
		return &model.Credential{}, nil
	}
	c.Place.Kind = placeKind(c.Kind)
	c.Scopes = scopesOf(scopes)
	c.ExpiresOn = dateOf(sql.NullString{String: expires, Valid: true})
	return c, nil
}

func placeKind(k model.TokenKind) model.PlaceKind {
	switch k {
	case model.ProjectToken:
		return model.ProjectPlace
	case model.GroupToken:
		return model.GroupPlace
	}
	return model.NoPlace
}

func scopesOf(text string) model.Scopes { return model.NewScopes(strings.Fields(text)) }

// place is a project or group as far as decisions need it.
type place struct {
	model.Place
	missing    bool
	path       string // acme/web
	name       string // Acme / Web
	parent     int64  // the group above; 0: none
	top        int64
	topPath    string
	visibility model.Visibility
	plan       model.Plan
	open       bool // the top-level group's switch (R75)
	flag       sql.NullBool
}

// about is the place in an audit entry.
func (p place) about() about {
	return about{kind: p.Kind.String(), id: p.ID, path: p.path, place: p.Place}
}

const projectPlaceSQL = `SELECT p.id, p.group_id, p.top_id, p.visibility, p.flag, r.path, r.name, tr.path, top.plan, top.token_creation
	FROM routes r JOIN projects p ON p.id = r.project_id JOIN groups top ON top.id = p.top_id JOIN routes tr ON tr.group_id = top.id WHERE `

const groupPlaceSQL = `SELECT g.id, coalesce(g.parent_id, 0), g.top_id, g.visibility, NULL, r.path, r.name, tr.path, top.plan, top.token_creation
	FROM routes r JOIN groups g ON g.id = r.group_id JOIN groups top ON top.id = g.top_id JOIN routes tr ON tr.group_id = top.id WHERE `

// findPlace reads a place; what isn't there is missing, not an error, so that
// it is refused like what can't be seen (R35).
func (t *tx) findPlace(ref model.Ref) (p place, err error) {
	for _, kind := range []model.PlaceKind{model.ProjectPlace, model.GroupPlace} {
		if ref.Kind != kind && ref.Kind != model.NoPlace {
			continue
		}
		if p, err = t.findKind(kind, ref); err != nil || !p.missing {
			return p, err
		}
	}
	if p.Kind == model.NoPlace || ref.Kind == model.NoPlace {
		p.Kind = model.ProjectPlace
	}
	return p, err
}

func (t *tx) findKind(kind model.PlaceKind, ref model.Ref) (place, error) {
	query, column := projectPlaceSQL, "r.project_id"
	if kind == model.GroupPlace {
		query, column = groupPlaceSQL, "r.group_id"
	}
	key := any(ref.Path)
	if ref.ID != 0 {
		query, key = query+column+" = ?", ref.ID
	} else {
		query += "r.path = ?"
	}
	p := place{Place: model.Place{Kind: kind}}
	found, err := t.row(query, []any{key}, &p.ID, &p.parent, &p.top, &p.visibility, &p.flag, &p.path, &p.name, &p.topPath, &p.plan, &p.open)
	p.missing = !found
	return p, err
}

// belowSQL are a group and all groups inside it.
const belowSQL = `WITH RECURSIVE below (id) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT g.id FROM groups g JOIN below ON g.parent_id = below.id) SELECT id FROM below`

// R8: a membership counts until 00:00 UTC of its date.
const roleSQL = `SELECT
	coalesce(max(CASE WHEN m.project_id = ?1 THEN m.role END), 0),
	coalesce(max(CASE WHEN m.group_id IN (
		WITH RECURSIVE above (id) AS (SELECT CAST(?2 AS BIGINT) UNION ALL SELECT g.parent_id FROM groups g JOIN above ON g.id = above.id WHERE g.parent_id IS NOT NULL) SELECT id FROM above) THEN m.role END), 0)
	FROM members m WHERE m.user_id = ?3 AND (m.expires_on IS NULL OR m.expires_on > ?4)`

// roles are a user's own role in a project (0 for a group) and the highest that
// he has in the group itself and the groups above (R10).
func (t *tx) roles(user int64, p place) (own, inherited model.Role, err error) {
	project, group := p.ID, p.parent
	if p.Kind == model.GroupPlace {
		project, group = 0, p.ID
	}
	_, err = t.row(roleSQL, []any{project, group, user, t.today().String()}, &own, &inherited)
	return own, inherited, err
}

// insideSQL are the groups on which or in which a user has a role: he sees
// them all (R30).
const insideSQL = `WITH RECURSIVE inside (id) AS (
	SELECT m.group_id FROM members m WHERE m.user_id = ?1 AND m.group_id IS NOT NULL AND (m.expires_on IS NULL OR m.expires_on > ?2)
	UNION SELECT p.group_id FROM members m JOIN projects p ON p.id = m.project_id WHERE m.user_id = ?1 AND (m.expires_on IS NULL OR m.expires_on > ?2)
	UNION SELECT g.parent_id FROM groups g JOIN inside ON g.id = inside.id WHERE g.parent_id IS NOT NULL)`

const seesInsideSQL = insideSQL + ` SELECT EXISTS (SELECT 1 FROM inside WHERE id = ?3)`

// target reads the facts about a place, for the caller.
func (t *tx) target(c model.Caller, p place) (model.Target, error) {
	target := model.Target{Kind: p.Kind, Missing: p.missing}
	if p.missing {
		return target, nil
	}
	in, err := t.instance()
	if err != nil {
		return target, err
	}
	target.Visibility = p.visibility
	target.Flag = in.flag
	if p.flag.Valid { // R71
		target.Flag = p.flag.Bool
	}
	target.Switch, target.Plan, target.SaaS = p.open, p.plan, in.saas()
	target.MaxLifetime = in.number(model.SettingMaxLifetime)
	if target.SaaS && p.plan == model.Trial {
		if target.ActiveTokens, err = t.activeTokens(p.top); err != nil {
			return target, err
		}
	}
	if c.Kind == model.Nobody || c.Admin {
		return target, nil
	}
	own, inherited, err := t.roles(c.UserID, p)
	if err != nil {
		return target, err
	}
	target.Role = max(own, inherited)
	if p.Kind == model.GroupPlace && target.Role == model.NoRole {
		if target.SeesInside, err = t.is(seesInsideSQL, c.UserID, t.today().String(), p.ID); err != nil {
			return target, err
		}
	}
	target.Within = c.Kind != model.Bot || target.Role != model.NoRole // a bot has roles in its own place only (R100)
	return target, nil
}

const activeTokensSQL = `SELECT count(*) FROM projects p JOIN tokens t ON t.project_id = p.id
	WHERE p.top_id = ? AND t.revoked_at IS NULL AND t.expires_on > ? AND t.replaced_by IS NULL`

// activeTokens counts the active project tokens in a top-level group (R82).
func (t *tx) activeTokens(top int64) (int, error) {
	n, err := t.int(activeTokensSQL, top, t.today().String())
	return int(n), err
}

// facts are those for an action in a place.
func (t *tx) facts(a model.Access, action model.Action, p place) (model.Facts, error) {
	f := model.Facts{Today: t.today(), Access: t.access(a), Action: action}
	var err error
	if f.Caller, err = t.caller(); err != nil {
		return f, err
	}
	f.Target, err = t.target(f.Caller, p)
	return f, err
}

// permit decides an action in a place, audited under the name given if it is a
// refused change.
func (t *tx) permit(a model.Access, action model.Action, p place, audited string) (model.Facts, error) {
	f, err := t.facts(a, action, p)
	if err != nil {
		return f, err
	}
	return f, t.decide(f, audited, p.about())
}
