package storage

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"patrol/model"
)

const tokenColumns = `t.id, t.kind, t.name, t.description, t.scopes, coalesce(t.project_id, t.group_id, 0), t.created_at, t.expires_on,
	t.last_used_at, t.revoked_at, t.published_at, t.family_id, coalesce(t.replaced_by, 0), t.replaced_until, coalesce(m.role, u.former_role, 0), coalesce(rp.path, rg.path, ''),
	u.id, u.kind, u.username, u.name, u.email, u.admin, u.auditor, u.external, u.blocked, u.created_at, u.active_on, u.deleted_at IS NOT NULL,
	c.id, c.kind, c.username, c.name,
	(SELECT string_agg(address || ' ' || seen_at, ' ' ORDER BY seen_at DESC) FROM token_addresses WHERE token_id = t.id)`

const tokenTables = `tokens t JOIN users u ON u.id = t.user_id JOIN users c ON c.id = t.creator_id
	LEFT JOIN members m ON m.user_id = t.user_id AND u.kind = 2
	LEFT JOIN routes rp ON rp.project_id = t.project_id LEFT JOIN routes rg ON rg.group_id = t.group_id`

// withEmails fills in the addresses of bots (R104), once the rows are read: the
// settings are another query.
func (t *tx) withEmails(list []model.Token) error {
	for i := range list {
		u := &list[i].User
		if u.Kind != model.Bot {
			continue
		}
		in, err := t.instance()
		if err != nil {
			return err
		}
		u.Email = model.BotEmail(u.Username, in.host())
	}
	return nil
}

// scanToken reads a row of tokenColumns, without a bot's e-mail address.
func (t *tx) scanToken(scan func(...any) error) (model.Token, error) {
	var (
		token                  model.Token
		description, addresses sql.NullString
		scopes, expires        string
		created, botCreated    int64
		used, revoked, until   sql.NullInt64
		published              sql.NullInt64
		active                 sql.NullString
	)
	u, c := &token.User, &token.CreatedBy
	err := scan(&token.ID, &token.Kind, &token.Name, &description, &scopes, &token.Place.ID, &created, &expires,
		&used, &revoked, &published, &token.Family, &token.ReplacedBy, &until, &token.Role, &token.PlacePath,
		&u.ID, &u.Kind, &u.Username, &u.Name, &u.Email, &u.Admin, &u.Auditor, &u.External, &u.Blocked, &botCreated, &active, &token.BotDeleted,
		&c.ID, &c.Kind, &c.Username, &c.Name, &addresses)
	if err != nil {
		return token, err
	}
	if description.Valid {
		token.Description = &description.String
	}
	token.Scopes = scopesOf(scopes)
	token.Place.Kind = placeKind(token.Kind)
	token.CreatedAt = time.UnixMilli(created).UTC()
	token.ExpiresOn = dateOf(sql.NullString{String: expires, Valid: true})
	token.LastUsedAt, token.RevokedAt, token.ReplacedUntil, token.PublishedAt = timeOf(used), timeOf(revoked), timeOf(until), timeOf(published)
	endOverlap(&token, t.now)
	if token.Family == 0 {
		token.Family = token.ID
	}
	token.LastUsedIPs = recent(addresses.String, t.now.Add(-addressKept))
	u.CreatedAt, u.LastActive, u.Place = time.UnixMilli(botCreated).UTC(), dateOf(active), token.Place
	return token, nil
}

// endOverlap: a replaced token is revoked when its overlap ends, whether or not
// anybody has tidied up since (R69, R122).
func endOverlap(token *model.Token, now time.Time) {
	if token.Replaced() && !now.Before(token.ReplacedUntil) {
		token.RevokedAt = token.ReplacedUntil
	}
}

// recent are the addresses of "address time address time …" that were seen
// after a moment, newest first (R95).
func recent(text string, after time.Time) []string {
	var list []string
	words := strings.Fields(text)
	for i := 0; i+1 < len(words) && len(list) < addresses; i += 2 {
		if at, _ := strconv.ParseInt(words[i+1], 10, 64); at > after.UnixMilli() {
			list = append(list, words[i])
		}
	}
	return list
}

func (t *tx) tokenBy(condition string, args ...any) (token model.Token, found bool, err error) {
	one := make([]model.Token, 1)
	err = t.rows(`SELECT `+tokenColumns+` FROM `+tokenTables+` WHERE `+condition, args, func(scan func(...any) error) (err error) {
		found = true
		one[0], err = t.scanToken(scan)
		return err
	})
	if err == nil && found {
		err = t.withEmails(one)
	}
	return one[0], found, err
}

// aboutToken is a token in an audit entry.
func aboutToken(token model.Token) about {
	return about{kind: "token", id: token.ID, path: token.PlacePath, place: token.Place}
}

// creation reads the facts for making a token, with the door's defaults.
func (t *tx) creation(n model.NewToken) (model.NewToken, model.Facts, place, error) {
	f := model.Facts{Today: t.today(), Access: t.access(model.RESTWrite), Action: model.CreateToken}
	var p place
	in, err := t.instance()
	if err != nil {
		return n, f, p, err
	}
	if f.Caller, err = t.caller(); err != nil {
		return n, f, p, err
	}
	n = n.WithDefaults(t.actor.Door, t.today(), in.number(model.SettingMaxLifetime))
	if n.Place == (model.Ref{}) {
		f.Target, p.path, err = t.ownerTarget(f.Caller, n.UserID, in)
	} else {
		if p, err = t.findPlace(n.Place); err != nil {
			return n, f, p, err
		}
		n.Place = p.Ref()
		f.Target, err = t.target(f.Caller, p)
	}
	f.Target.AskedRole = n.Role
	f.Asked = &n
	return n, f, p, err
}

const ownerSQL = `SELECT kind, username FROM users WHERE id = ? AND deleted_at IS NULL`

// ownerTarget are the facts about the person whom a personal token is for.
func (t *tx) ownerTarget(c model.Caller, id int64, in *instance) (target model.Target, name string, err error) {
	target = model.Target{TokenKind: model.PersonalToken, Mine: id == c.UserID, MaxLifetime: in.number(model.SettingMaxLifetime)}
	found, err := t.row(ownerSQL, []any{id}, &target.MemberKind, &name)
	if err == nil && !found {
		err = model.NotFound("user")
	}
	return target, name, err
}

// CheckToken decides CreateToken without doing it.
func (db *DB) CheckToken(ctx context.Context, a model.Actor, asked model.NewToken) (n model.NewToken, d model.Decision, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		var f model.Facts
		if n, f, _, err = t.creation(asked); err != nil {
			return err
		}
		d = model.Decide(f)
		return nil
	})
	return n, d, err
}

// CreateToken makes a token and, for a place, its bot and membership.
func (db *DB) CreateToken(ctx context.Context, a model.Actor, asked model.NewToken) (issued model.IssuedToken, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		n, f, p, err := t.creation(asked)
		if err != nil {
			return err
		}
		on := about{kind: "token", path: p.path, place: p.Place}
		if n.AsAdministrator {
			admin := model.Facts{Today: f.Today, Caller: f.Caller, Access: f.Access, Action: model.Administer}
			if err := t.decide(admin, model.TokenCreated, on); err != nil {
				return err
			}
		}
		if err := t.decide(f, model.TokenCreated, on); err != nil {
			return err
		}
		owner, err := t.owner(n, p, f.Caller.External)
		if err != nil {
			return err
		}
		if issued, err = t.insertToken(n, owner, p); err != nil {
			return err
		}
		return t.record(model.TokenCreated, aboutToken(issued.Token), grant(issued.Token))
	})
	if err != nil {
		return model.IssuedToken{}, err
	}
	return issued, nil
}

// grant is what the audit log says of a new token.
func grant(token model.Token) map[string]any {
	g := map[string]any{"name": token.Name, "scopes": token.Scopes, "expires_at": token.ExpiresOn}
	if token.Role != model.NoRole {
		g["role"] = token.Role.String()
	}
	if token.Kind == model.PersonalToken {
		g["user"] = token.User.Username
	}
	return g
}

const insertBotSQL = `INSERT INTO users (kind, username, name, external, created_at) VALUES (2, ?, ?, ?, ?)`

const insertBotMemberSQL = `INSERT INTO members (user_id, group_id, project_id, role, created_at, creator_id) VALUES (?, ?, ?, ?, ?, ?)`

// owner is whom a new token acts as: a person, or a bot that is made for it.
func (t *tx) owner(n model.NewToken, p place, external bool) (model.User, error) {
	if p.Kind != model.NoPlace {
		return t.makeBot(n, p, external)
	}
	u, _, err := t.user(`u.id = ?`, n.UserID) // creation has found him
	return u, err
}

// makeBot makes the bot of a new token and its one membership (R100–R102,
// R113).
func (t *tx) makeBot(n model.NewToken, p place, external bool) (model.User, error) {
	in, err := t.instance()
	if err != nil {
		return model.User{}, err
	}
	var random [8]byte
	rand.Read(random[:]) // never fails
	bot := model.User{Kind: model.Bot, Name: n.Name, External: external, Place: p.Place, CreatedAt: t.now,
		Username: fmt.Sprintf("%s_%d_bot_%s", p.Kind, p.ID, hex.EncodeToString(random[:]))}
	bot.Email = model.BotEmail(bot.Username, in.host())
	if bot.ID, err = t.insert(insertBotSQL, bot.Username, bot.Name, external, t.now.UnixMilli()); err != nil {
		return bot, err
	}
	group, project := placeIDs(p.Place)
	_, err = t.insert(insertBotMemberSQL, bot.ID, group, project, int(n.Role), t.now.UnixMilli(), t.actor.ID())
	return bot, err
}

// placeIDs are the columns group_id and project_id of a place, one of them NULL.
func placeIDs(p model.Place) (group, project any) {
	switch p.Kind {
	case model.GroupPlace:
		return p.ID, nil
	case model.ProjectPlace:
		return nil, p.ID
	}
	return nil, nil
}

const insertTokenSQL = `INSERT INTO tokens (kind, user_id, group_id, project_id, name, description, scopes, digest, creator_id, created_at, expires_on)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// insertToken makes a token, and gives it as tokenBy would: reading it again
// would cost an eighth of a creation.
func (t *tx) insertToken(n model.NewToken, owner model.User, p place) (issued model.IssuedToken, err error) {
	in, err := t.instance()
	if err != nil {
		return issued, err
	}
	issued = model.IssuedToken{Secret: model.MakeSecret(in.settings[model.SettingPrefix]), Token: model.Token{
		Kind: n.Kind(), Name: n.Name, Description: n.Description, Scopes: n.Scopes, Role: n.Role, Place: p.Place,
		User: owner, CreatedAt: t.now, CreatedBy: t.self, ExpiresOn: n.ExpiresOn}}
	if p.Kind != model.NoPlace {
		issued.PlacePath = p.path
	}
	digest := issued.Secret.Digest()
	group, project := placeIDs(p.Place)
	issued.ID, err = t.insert(insertTokenSQL, string(n.Kind()), owner.ID, group, project, n.Name, n.Description, n.Scopes.String(),
		digest[:], t.actor.ID(), t.now.UnixMilli(), n.ExpiresOn.String())
	issued.Family = issued.ID
	return issued, err
}

// tokenTarget are the facts about one token and where it belongs.
func (t *tx) tokenTarget(c model.Caller, token model.Token) (target model.Target, err error) {
	if token.Kind != model.PersonalToken {
		p, err := t.findPlace(token.Place.Ref())
		if err != nil {
			return target, err
		}
		if target, err = t.target(c, p); err != nil {
			return target, err
		}
	}
	target.TokenKind, target.TokenRole = token.Kind, token.Role
	target.TokenRevoked = !token.RevokedAt.IsZero()
	target.TokenExpired = token.ExpiresOn <= t.today()
	target.TokenReplaced = token.Replaced()
	target.Mine = token.Kind == model.PersonalToken && token.User.ID == c.UserID
	return target, nil
}

// aim finds one token for an action. In a place, what the place's own rules
// answer comes first (A20, A42): there the token must be the place's own, and
// over REST its bot must live (R123).
func (t *tx) aim(a model.Access, action model.Action, in model.Ref, id int64) (f model.Facts, token model.Token, err error) {
	f = model.Facts{Today: t.today(), Access: t.access(a), Action: action}
	if f.Caller, err = t.caller(); err != nil {
		return f, token, err
	}
	if err := model.Admit(f.Caller, f.Access, f.Today).Err(); err != nil { // R171: before what is there
		return f, token, err
	}
	if in != (model.Ref{}) {
		p, err := t.findPlace(in)
		if err != nil {
			return f, token, err
		}
		if f.Target, err = t.target(f.Caller, p); err != nil {
			return f, token, err
		}
		first := f
		if action != model.ReadToken { // A44: the token comes before the permission to change it
			first.Action = seeing(p.Kind)
		}
		if err := model.Decide(first).Err(); err != nil {
			return f, token, err
		}
		in = p.Ref()
	}
	token, found, err := t.tokenBy(`t.id = ?`, id)
	if err != nil {
		return f, token, err
	}
	if !found || in.ID != 0 && token.Place.Ref() != in || token.BotDeleted && t.actor.Door == model.APIDoor {
		return f, token, noSuchToken(f, in)
	}
	if f.Target, err = t.tokenTarget(f.Caller, token); err != nil {
		return f, token, err
	}
	if in.ID == 0 && !f.Sees() {
		return f, token, model.NotFound("token")
	}
	if in.ID == 0 && t.actor.Door == model.APIDoor {
		f.Target.ByNumber, f.Target.Mine = true, token.User.ID == f.Caller.UserID
	}
	return f, token, nil
}

// noSuchToken: who can't see a place's tokens is refused a rotation in the same
// words whether there is such a token or not (R35, A45).
func noSuchToken(f model.Facts, in model.Ref) error {
	if f.Action == model.RotateToken && in.ID != 0 {
		f.Target.TokenKind = model.KindAt(in.Kind)
		list := f
		if list.Action = model.ListTokens; !model.Decide(list).Allowed {
			return model.Decide(f).Err()
		}
	}
	return model.NotFound("token")
}

func seeing(k model.PlaceKind) model.Action {
	if k == model.GroupPlace {
		return model.SeeGroup
	}
	return model.SeeProject
}

// Token finds one token.
func (db *DB) Token(ctx context.Context, a model.Actor, in model.Ref, id int64) (token model.Token, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		var f model.Facts
		if f, token, err = t.aim(model.RESTRead, model.ReadToken, in, id); err != nil {
			return err
		}
		return model.Decide(f).Err()
	})
	if err != nil {
		return model.Token{}, err
	}
	return token, nil
}
