package storage

import (
	"context"
	"time"

	"patrol/model"
)

const day = 24 * time.Hour

// tidyBatch is how much one Tidy does at most of each kind, so that it never
// holds up the use cases that people wait for.
const tidyBatch = 200

// Tidy does a bounded batch of what time alone has made due (R69, R96, R95a, R99,
// R121, R122). Several processes may call it: what one has done, the next doesn't find.
func (db *DB) Tidy(ctx context.Context) (more bool, err error) {
	err = db.changeLarge(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		more = false
		for _, step := range []func(*tx) (bool, error){
			(*tx).endOverlaps, (*tx).endIdle, (*tx).giveNotices, (*tx).endExpired, (*tx).dropRefusals, (*tx).dropNotices, (*tx).dropUse, (*tx).indexWords,
		} {
			left, err := step(t)
			if err != nil {
				return err
			}
			more = more || left
		}
		return nil
	})
	if err == nil && db.sweepPackages() {
		more = true
	}
	return more, err
}

const dueSQL = `SELECT EXISTS (SELECT 1 FROM tokens WHERE replaced_until <= ?1 AND revoked_at IS NULL)
	OR EXISTS (SELECT 1 FROM users WHERE idle_since <= ?2 AND deleted_at IS NULL)
	OR EXISTS (SELECT 1 FROM tokens WHERE expires_on <= ?3 AND revoked_at IS NULL AND kind <> 'personal')`

// Due tells whether time has made something due that Tidy would show as rows
// (R69, R121, R122).
func (db *DB) Due(ctx context.Context) (due bool, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		in, err := t.instance()
		if err != nil {
			return err
		}
		idle := t.now.Add(-time.Duration(in.number(model.SettingBotRetention)) * day)
		expired := t.today() - model.Date(in.number(model.SettingExpiredBots))
		due, err = t.is(dueSQL, t.now.UnixMilli(), idle.UnixMilli(), expired.String())
		return err
	})
	return due, err
}

// endOverlaps revokes replaced tokens whose overlap is over (R69). The bot
// lives on with the successor, if that does.
func (t *tx) endOverlaps() (more bool, err error) {
	due, err := t.tokensWhereLimit(`t.replaced_until <= ? AND t.revoked_at IS NULL`, t.now.UnixMilli())
	for _, token := range due {
		if err != nil {
			break
		}
		if _, err = t.revokeRow(token, model.TokenRevoked, map[string]any{"name": token.Name, "overlap": "ended"}); err == nil {
			err = t.endBot(token)
		}
	}
	return len(due) == tidyBatch, err
}

const idleSQL = `SELECT u.id, u.username, u.name, coalesce(m.project_id, m.group_id, 0), m.group_id IS NOT NULL
	FROM users u LEFT JOIN members m ON m.user_id = u.id WHERE u.idle_since <= ? AND u.deleted_at IS NULL ORDER BY u.idle_since LIMIT ?`

// endIdle deletes bots whose retention is over (R121).
func (t *tx) endIdle() (more bool, err error) {
	in, err := t.instance()
	if err != nil {
		return false, err
	}
	before := t.now.Add(-time.Duration(in.number(model.SettingBotRetention)) * day)
	var bots []model.User
	err = t.rows(idleSQL, []any{before.UnixMilli(), tidyBatch}, func(scan func(...any) error) error {
		bot := model.User{Kind: model.Bot, Place: model.Place{Kind: model.ProjectPlace}}
		var group bool
		err := scan(&bot.ID, &bot.Username, &bot.Name, &bot.Place.ID, &group)
		if group {
			bot.Place.Kind = model.GroupPlace
		}
		bots = append(bots, bot)
		return err
	})
	for _, bot := range bots {
		if err == nil {
			err = t.deleteBot(bot, bot.Place)
		}
	}
	return len(bots) == tidyBatch, err
}

// endExpired revokes the tokens of bots that expired long enough ago, and ends
// the bots with them (R122).
func (t *tx) endExpired() (more bool, err error) {
	in, err := t.instance()
	if err != nil {
		return false, err
	}
	last := t.today() - model.Date(in.number(model.SettingExpiredBots))
	due, err := t.tokensWhereLimit(`t.expires_on <= ? AND t.revoked_at IS NULL AND t.kind <> 'personal'`, last.String())
	for _, token := range due {
		if err != nil {
			break
		}
		if _, err = t.revokeRow(token, model.TokenExpiredCleanup, map[string]any{"name": token.Name, "expires_at": token.ExpiresOn}); err != nil {
			break
		}
		var live int64
		if live, err = t.int(liveTokensSQL, token.User.ID); err == nil && live == 0 && !token.BotDeleted {
			err = t.deleteBot(token.User, token.Place)
		}
	}
	return len(due) == tidyBatch, err
}

// tokensWhereLimit reads one batch of tokens.
func (t *tx) tokensWhereLimit(condition string, args ...any) (list []model.Token, err error) {
	query := `SELECT ` + tokenColumns + ` FROM ` + tokenTables + ` WHERE ` + condition + ` LIMIT ?`
	err = t.rows(query, append(args[:len(args):len(args)], tidyBatch), func(scan func(...any) error) error {
		token, err := t.scanToken(scan)
		list = append(list, token)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, t.withEmails(list)
}
