package storage

import (
	"context"
	"errors"

	"patrol/model"
)

// RevokeTokens revokes all tokens or none (R94), and ends the bots that have
// none left (R120). All are decided before any is revoked: with one of them the
// bot of another may end.
func (db *DB) RevokeTokens(ctx context.Context, a model.Actor, in model.Ref, ids ...int64) error {
	return db.change(ctx, a, func(t *tx) error {
		var tokens []model.Token
		for _, id := range ids {
			token, err := t.revocable(in, id)
			if err != nil {
				return err
			}
			tokens = append(tokens, token)
		}
		for _, token := range tokens {
			if err := t.revoke(token); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) revocable(in model.Ref, id int64) (model.Token, error) {
	f, token, err := t.aim(model.RESTWrite, model.RevokeToken, in, id)
	if err != nil {
		return token, err
	}
	if token.BotDeleted { // R94: once its bot is deleted it is not found
		return token, model.NotFound("token")
	}
	return token, naming(t.decide(f, model.TokenRevoked, aboutToken(token)), token.User.Name)
}

// naming adds to a refusal what it was aimed at.
func naming(err error, name string) error {
	if r, ok := errors.AsType[*model.Reason](err); ok {
		r.Name = name
	}
	return err
}

// RevokeSelf revokes the token that the actor shows, whatever its scopes (R61).
func (db *DB) RevokeSelf(ctx context.Context, a model.Actor) error {
	return db.change(ctx, a, func(t *tx) error {
		f := model.Facts{Today: t.today(), Access: t.access(model.SelfAccess), Action: model.RevokeSelf}
		var err error
		if f.Caller, err = t.caller(); err != nil {
			return err
		}
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		token, _, err := t.tokenBy(`t.id = ?`, a.TokenID)
		if err != nil {
			return err
		}
		return t.revoke(token)
	})
}

const revokeSQL = `UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`

const liveTokensSQL = `SELECT count(*) FROM tokens WHERE user_id = ? AND revoked_at IS NULL`

// revoke ends one token and, if it was its bot's last, the bot, under one time
// (R120, R162). What is revoked already stays as it is. Who revokes a token by
// hand means its secret and those that it has replaced (R69): whatever of its
// family came before it.
func (t *tx) revoke(token model.Token) error {
	revoked, err := t.revokeRow(token, model.TokenRevoked, map[string]any{"name": token.Name})
	if err != nil || !revoked {
		return err
	}
	err = t.eachLive(familySQL+` AND t.id < ?`, []any{token.Family, token.Family, token.ID}, func(old model.Token) error {
		_, err := t.revokeRow(old, model.TokenRevoked, map[string]any{"name": old.Name, "with": token.ID})
		return err
	})
	if err != nil {
		return err
	}
	return t.endBot(token)
}

// familySQL are a family's tokens (R68), as an index knows them.
const familySQL = `(t.family_id > 0 AND t.family_id = ? OR t.id = ?)`

// endBot ends the bot of a token that was revoked, if it has no other.
func (t *tx) endBot(token model.Token) error {
	if token.Kind == model.PersonalToken {
		return nil // R154
	}
	live, err := t.int(liveTokensSQL, token.User.ID)
	if err != nil || live > 0 {
		return err
	}
	in, err := t.instance()
	if err != nil {
		return err
	}
	if in.number(model.SettingBotRetention) > 0 { // R121: it stays for a while, without power
		return t.exec(idleSinceSQL, t.now.UnixMilli(), token.User.ID)
	}
	return t.deleteBot(token.User, token.Place)
}

const idleSinceSQL = `UPDATE users SET idle_since = ? WHERE id = ?`

// revokeRow marks one token as revoked and tells whether it wasn't. If its
// overlap has ended, it was revoked then.
func (t *tx) revokeRow(token model.Token, action string, change map[string]any) (revoked bool, err error) {
	at := t.now
	if !token.RevokedAt.IsZero() {
		at = token.RevokedAt
	}
	rows, err := t.changed(revokeSQL, at.UnixMilli(), token.ID)
	if err != nil || rows == 0 {
		return false, err
	}
	return true, t.record(action, aboutToken(token), change)
}

const endBotSQL = `UPDATE users SET deleted_at = ?1, former_role = (SELECT role FROM members WHERE user_id = ?2) WHERE id = ?2`

const endMembershipsSQL = `DELETE FROM members WHERE user_id = ?`

// deleteBot turns a bot into a tombstone: its membership ends, its records go
// to the ghost, its username is never given again (R120).
func (t *tx) deleteBot(bot model.User, p model.Place) error {
	if err := t.exec(endBotSQL, t.now.UnixMilli(), bot.ID); err != nil {
		return err
	}
	if err := t.exec(endMembershipsSQL, bot.ID); err != nil {
		return err
	}
	moved, err := t.moveRecords(bot.ID)
	if err != nil {
		return err
	}
	on := about{kind: "user", id: bot.ID, path: bot.Username, place: p}
	if err := t.record(model.BotDeleted, on, map[string]any{"name": bot.Name}); err != nil {
		return err
	}
	return t.record(model.RecordsMoved, on, map[string]any{"records": moved, "to": "ghost"})
}

// authorship is every column that names the author of a record.
var authorship = []string{
	`UPDATE pushes SET user_id = 2 WHERE user_id = ?`,
	`UPDATE issues SET author_id = 2 WHERE author_id = ?`,
	`UPDATE notes SET author_id = 2 WHERE author_id = ?`,
	`UPDATE runners SET creator_id = 2 WHERE creator_id = ?`,
	`UPDATE projects SET creator_id = 2 WHERE creator_id = ?`,
	`UPDATE packages SET creator_id = 2 WHERE creator_id = ?`,
	`UPDATE package_files SET creator_id = 2 WHERE creator_id = ?`,
}

// moveRecords gives all that names a user as its author to the Ghost User, with
// ids, times and texts unchanged, and tells how many that were (R131).
func (t *tx) moveRecords(user int64) (moved int64, err error) {
	for _, statement := range authorship {
		n, err := t.changed(statement, user)
		if err != nil {
			return moved, err
		}
		moved += n
	}
	return moved, nil
}

// revokePersonal revokes a person's tokens, before he is deleted (R132).
func (t *tx) revokePersonal(user int64) error {
	return t.eachLive(`t.user_id = ? AND t.kind = 'personal'`, []any{user}, t.revoke)
}

// endPlace revokes the tokens of one project or group and deletes its bots,
// before it is deleted itself (R115).
func (t *tx) endPlace(p place) error {
	column := `t.project_id`
	if p.Kind == model.GroupPlace {
		column = `t.group_id`
	}
	if err := t.eachLive(column+` = ?`, []any{p.ID}, t.revoke); err != nil {
		return err
	}
	return t.endIdleBots(p) // of R121, and of expired tokens that were revoked before
}

// eachLive calls end for every token that a condition names and that isn't
// revoked, some at a time so that memory doesn't grow with their number. end
// revokes it.
func (t *tx) eachLive(condition string, args []any, end func(model.Token) error) error {
	for {
		batch, err := t.tokensWhereLimit(condition+` AND t.revoked_at IS NULL`, args...)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, token := range batch {
			if err := end(token); err != nil {
				return err
			}
		}
	}
}

const idleBotsSQL = `SELECT u.id, u.username, u.name FROM members m JOIN users u ON u.id = m.user_id
	WHERE u.kind = 2 AND (m.project_id = ?1 OR m.group_id = ?2)`

// endIdleBots deletes the bots of a place that have no live token any more.
func (t *tx) endIdleBots(p place) error {
	group, project := placeIDs(p.Place)
	var bots []model.User
	err := t.rows(idleBotsSQL, []any{project, group}, func(scan func(...any) error) error {
		bot := model.User{Kind: model.Bot}
		err := scan(&bot.ID, &bot.Username, &bot.Name)
		bots = append(bots, bot)
		return err
	})
	for _, bot := range bots {
		if err == nil {
			err = t.deleteBot(bot, p.Place)
		}
	}
	return err
}

// NotAcknowledged audits that a new secret's screen was left unconfirmed.
func (db *DB) NotAcknowledged(ctx context.Context, a model.Actor, id int64) error {
	return db.change(ctx, a, func(t *tx) error {
		token, found, err := t.tokenBy(`t.id = ?`, id)
		if err != nil {
			return err
		}
		if !found || token.CreatedBy.ID != a.ID() { // only who made it saw its secret
			return model.NotFound("token")
		}
		return t.record(model.TokenNotAcknowledged, aboutToken(token), nil)
	})
}
