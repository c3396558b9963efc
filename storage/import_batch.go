package storage

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"patrol/model"
)

// Tokens come by the million, so an import looks them up and writes them some
// hundreds at a time: what a statement costs is then shared by all of them.
const tokenBatch = 4 * bulkRows

// gathered is a token's line that waits for its batch, and what is found out
// about it then.
type gathered struct {
	number int
	line   *tokenLine
	digest []byte

	id, owner, family int64
	kind              model.TokenKind
	place             place
	makesBot, endless bool
	created           any
}

// gather takes a token's line. No batch holds a secret or a bot twice: what the
// first line makes is there when the second is looked at.
func (im *importing) gather(number int, l *tokenLine) error {
	if im.digests[l.SHA256] || l.Username != "" && im.usernames[l.Username] || len(im.batch) == tokenBatch {
		if err := im.flush(); err != nil {
			return err
		}
	}
	digest, _ := hex.DecodeString(l.SHA256) // checked before
	im.batch = append(im.batch, &gathered{number: number, line: l, digest: digest})
	im.digests[l.SHA256], im.usernames[l.Username] = true, true
	return nil
}

// flush writes the batch.
func (im *importing) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	there, err := im.tokensThere()
	if err != nil {
		return err
	}
	taken, err := im.usernamesTaken()
	if err != nil {
		return err
	}
	made := im.batch[:0]
	for _, g := range im.batch {
		if old, found := there[g.line.SHA256]; found {
			if err := g.line.compare(im.t, old.line, old.id); err != nil {
				return atLine(g.number, err)
			}
			im.report.Skipped++
			continue
		}
		if err := im.settle(g, taken[g.line.Username]); err != nil {
			return atLine(g.number, err)
		}
		im.report.Made++
		made = append(made, g)
	}
	err = im.write(made)
	im.batch = im.batch[:0]
	clear(im.digests)
	clear(im.usernames)
	return err
}

// tokensThere are those of the batch's tokens that the database holds already.
func (im *importing) tokensThere() (map[string]gathered, error) {
	there := map[string]gathered{}
	args := make([]any, tokenBatch) // the rest stays NULL, which equals nothing
	for i, g := range im.batch {
		args[i] = g.digest
	}
	err := im.t.rows(tokenLinesSQL+`t.digest IN (`+batchMarks+`)`, args, func(scan func(...any) error) error {
		l, id, err := im.t.scanTokenLine(scan)
		there[l.SHA256] = gathered{line: l, id: id}
		return err
	})
	return there, err
}

var batchMarks = marks(tokenBatch)

// usernamesTaken are those of the batch's usernames that somebody has.
func (im *importing) usernamesTaken() (map[string]bool, error) {
	taken := map[string]bool{}
	args := make([]any, tokenBatch)
	for i, g := range im.batch {
		if g.line.Username != "" {
			args[i] = g.line.Username
		}
	}
	err := im.t.rows(`SELECT username FROM users WHERE username IN (`+batchMarks+`) AND (deleted_at IS NULL OR kind = 2)`, args, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		taken[name] = true
		return err
	})
	return taken, err
}

// settle finds out where a new token belongs and whose it is.
func (im *importing) settle(g *gathered, taken bool) (err error) {
	l, t := g.line, im.t
	if g.created = timeColumn(l.CreatedAt); g.created == nil {
		g.created = t.now.UnixMilli()
	}
	if l.ExpiresAt == nil {
		until := (t.today() + model.MaxLifetime).String()
		g.endless, l.ExpiresAt = true, &until
	}
	switch {
	case l.User != "":
		g.kind = model.PersonalToken
		g.owner, err = im.person(l.User)
		return err
	case l.Project != "":
		g.kind = model.ProjectToken
		g.place, err = im.place(model.ProjectPlace, l.Project)
	default:
		g.kind = model.GroupToken
		g.place, err = im.place(model.GroupPlace, l.Group)
	}
	if err != nil {
		return err
	}
	im.ended = im.ended || l.Revoked
	if taken {
		g.owner, g.family, err = im.sameBot(l, g.place)
		return err
	}
	g.makesBot = true
	if l.Username == "" {
		var random [8]byte
		rand.Read(random[:]) // never fails
		l.Username = fmt.Sprintf("%s_%d_bot_%s", g.place.Kind, g.place.ID, hex.EncodeToString(random[:]))
	}
	return nil
}

const botThereSQL = `SELECT u.id, u.kind, u.name, u.external, coalesce(m.role, 0), coalesce(m.project_id, 0), coalesce(m.group_id, 0),
	(SELECT coalesce(min(id), 0) FROM tokens WHERE user_id = u.id)
	FROM users u LEFT JOIN members m ON m.user_id = u.id AND u.kind = 2 WHERE u.username = ? AND (u.deleted_at IS NULL OR u.kind = 2)`

// sameBot is the bot that an earlier line has made: tokens that came out of one
// another have one bot, and are a family (R66, R68).
func (im *importing) sameBot(l *tokenLine, p place) (id, family int64, err error) {
	var kind model.UserKind
	var external bool
	var name string
	var role model.Role
	var project, group int64
	if _, err := im.t.row(botThereSQL, []any{l.Username}, &id, &kind, &name, &external, &role, &project, &group, &family); err != nil {
		return 0, 0, err
	}
	refused := ""
	switch {
	case kind != model.Bot:
		refused = "belongs to a person"
	case id <= im.before["users"]:
		refused = "belongs to a bot that was there before, or was deleted (R120), and has no such token"
	case placeOf(project, group) != p.Place || name != l.Name || external != l.External || roleText(role) != l.Role:
		refused = "has another place, name, role or external on an earlier line"
	default:
		return id, family, nil
	}
	return 0, 0, &model.Reason{Rule: "R103", Kind: model.ErrConflict, Text: fmt.Sprintf("the username %s %s", l.Username, refused),
		Fields: []model.Field{{Key: "username", Text: "has already been taken"}}}
}

// write writes tokens with their bots, memberships and audit entries, table by
// table.
func (im *importing) write(list []*gathered) error {
	t := im.t
	user, err := t.int(lastIDSQL, "users")
	if err != nil {
		return err
	}
	token, err := t.int(lastIDSQL, "tokens")
	if err != nil {
		return err
	}
	users := t.bulk(`INSERT {or fail} INTO users (id, kind, username, name, external, created_at)`)
	members := t.bulk(`INSERT {or fail} INTO members (user_id, group_id, project_id, role, created_at, creator_id)`)
	tokens := t.bulk(`INSERT {or fail} INTO tokens (id, kind, user_id, group_id, project_id, name, description, scopes, digest, creator_id, created_at, expires_on,
		last_used_at, revoked_at, family_id)`)
	for _, g := range list {
		token++
		g.id = token
		if g.makesBot {
			user++
			g.owner = user
			if err := users.add(user, int(model.Bot), g.line.Username, g.line.Name, g.line.External, g.created); err != nil {
				return err
			}
		}
	}
	if err := users.flush(); err != nil {
		return err
	}
	for _, g := range list {
		l := g.line
		group, project := placeIDs(g.place.Place)
		if g.makesBot {
			role, _ := model.ParseRole(l.Role) // checked before
			if err := members.add(g.owner, group, project, int(role), g.created, t.actor.ID()); err != nil {
				return err
			}
		}
		revoked := any(nil)
		if l.Revoked {
			revoked = t.now.UnixMilli()
		}
		err := tokens.add(g.id, string(g.kind), g.owner, group, project, l.Name, l.Description, strings.Join(l.Scopes, " "), g.digest,
			t.actor.ID(), g.created, *l.ExpiresAt, timeColumn(l.LastUsedAt), revoked, g.family)
		if err != nil {
			return err
		}
	}
	if err := members.flush(); err != nil {
		return err
	}
	if err := tokens.flush(); err != nil {
		return err
	}
	for _, table := range []string{"users", "tokens"} {
		if statement := t.db.engine.Numbered(table); statement != "" {
			if err := t.exec(statement); err != nil {
				return err
			}
		}
	}
	return im.recordTokens(list)
}

// imported is what the audit log says of an imported token.
type imported struct {
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	Role      string   `json:"role,omitempty"`
	ExpiresAt *string  `json:"expires_at"`
	User      string   `json:"user,omitempty"` // whom a personal token is for
	Revoked   bool     `json:"revoked,omitempty"`
}

// recordTokens appends the audit entries of new tokens, each with its own of
// the date that it was given (R97).
func (im *importing) recordTokens(list []*gathered) error {
	if err := im.t.chainEnd(); err != nil {
		return err
	}
	entries := im.t.bulk(strings.Replace(insertEntry, "INSERT", "INSERT {or fail}", 1))
	record := func(action string, g *gathered, change any) error {
		text, err := json.Marshal(change)
		if err != nil {
			return err
		}
		e := im.entry
		e.Action, e.TargetID, e.TargetPath, e.Change = action, g.id, g.place.path, string(text)
		return entries.add(im.t.chain.link(&e, g.place.Place)...)
	}
	for _, g := range list {
		l := g.line
		role, _ := model.ParseRole(l.Role) // none for personal tokens
		change := imported{Name: l.Name, Scopes: l.Scopes, ExpiresAt: l.ExpiresAt, User: l.User, Revoked: l.Revoked}
		if role != model.NoRole {
			change.Role = role.String()
		}
		if err := record(model.TokenImported, g, change); err != nil {
			return err
		}
		if !g.endless {
			continue
		}
		im.report.Dated++
		if err := record(model.TokenExpiryAdded, g, changes{"expires_at": {nil, *l.ExpiresAt}}); err != nil {
			return err
		}
	}
	return entries.flush()
}

// spareIndexesSQL are the indexes that an import itself doesn't look into.
const spareIndexesSQL = `SELECT name, sql FROM {indexes} AS i WHERE name IN
	('members_project', 'members_group', 'tokens_project', 'tokens_project_live', 'tokens_group', 'tokens_live', 'tokens_expiry', 'audit_user', 'audit_project', 'audit_group')`

// Bots of which all tokens came revoked are tombstones (R120).
const deadBotsSQL = `UPDATE users SET deleted_at = ?1, former_role = (SELECT role FROM members WHERE user_id = users.id)
	WHERE id > ?2 AND kind = 2 AND id IN (SELECT user_id FROM tokens WHERE id > ?3 AND revoked_at IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM tokens WHERE user_id = users.id AND revoked_at IS NULL)`

const deadMembershipsSQL = `DELETE FROM members WHERE user_id IN (SELECT id FROM users WHERE id > ? AND deleted_at IS NOT NULL AND kind = 2)`

func (im *importing) endBots() error {
	if !im.ended {
		return nil
	}
	if err := im.t.exec(deadBotsSQL, im.t.now.UnixMilli(), im.before["users"], im.before["tokens"]); err != nil {
		return err
	}
	return im.t.exec(deadMembershipsSQL, im.before["users"])
}
