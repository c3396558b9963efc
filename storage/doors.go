package storage

import (
	"context"
	"sync"
	"time"

	"patrol/git"
	"patrol/model"
)

// passes remembers what Authenticate found, as long as nothing at all has been
// committed to the file since (R92): the version is asked before each use.
type passes struct {
	mu      sync.RWMutex
	version uint64
	byKey   map[model.Digest]*model.Pass
}

// maxPasses bounds the memory that remembered passes take.
const maxPasses = 10_000

func (p *passes) get(version uint64, key model.Digest) *model.Pass {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.version != version {
		return nil
	}
	return p.byKey[key]
}

func (p *passes) put(version uint64, key model.Digest, pass *model.Pass) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version != version || len(p.byKey) >= maxPasses {
		p.version, p.byKey = version, map[model.Digest]*model.Pass{}
	}
	p.byKey[key] = pass
}

const authenticateSQL = `SELECT ` + tokenColumns + ` FROM ` + tokenTables + ` WHERE t.digest = ?`

// Authenticate finds whose secret it is: one digest and one probe of an index,
// or neither row nor lock of SQLite if nothing was committed since the last time
// (R142, R145).
func (db *DB) Authenticate(ctx context.Context, secret model.Secret) (model.Pass, error) {
	unknown := model.Pass{Caller: model.Caller{Token: &model.Credential{}}}
	if text := secret.Reveal(); text == "" || len(text) > model.MaxSecretLength { // R144
		return unknown, nil
	}
	key := secret.Digest()
	version, err := db.Version() // before the rows are read: a change in between counts as later
	if err != nil {
		return unknown, db.engine.Explain(err)
	}
	if pass := db.passes.get(version, key); pass != nil {
		return aged(*pass, db.Now()), nil
	}
	pass := unknown
	var found bool
	err = db.view(ctx, model.Actor{}, func(t *tx) error {
		return t.rows(authenticateSQL, []any{key[:]}, func(scan func(...any) error) (err error) {
			found = true
			pass.Token, err = t.scanTokenRow(scan)
			pass.User, pass.Caller = pass.Token.User, callerOf(pass.Token)
			return err
		})
	})
	if err == nil && found && pass.Token.RevokedAt.IsZero() { // an overlap that has ended runs again if the clock steps back
		db.passes.put(version, key, &pass)
	}
	return pass, err
}

// AuthenticateKey finds the person whose SSH key has a fingerprint.
func (db *DB) AuthenticateKey(ctx context.Context, fingerprint string) (pass model.Pass, err error) {
	err = db.view(ctx, model.Actor{}, func(t *tx) error {
		u, found, err := t.user(`u.id = (SELECT k.user_id FROM keys k WHERE k.fingerprint = ?)`, fingerprint)
		if found && u.Kind == model.Human { // bots have none (G44)
			pass.User = u
			pass.Caller = model.Caller{UserID: u.ID, Kind: u.Kind, Admin: u.Admin, Auditor: u.Auditor, External: u.External, Blocked: u.Blocked}
		}
		return err
	})
	return pass, err
}

// aged is a remembered pass now: time alone ends an overlap (R69).
func aged(pass model.Pass, now time.Time) model.Pass {
	if pass.Token.Replaced() && !now.Before(pass.Token.ReplacedUntil) {
		endOverlap(&pass.Token, now)
		pass.Caller = callerOf(pass.Token)
	}
	return pass
}

// callerOf is what a token's row says of who shows it.
func callerOf(t model.Token) model.Caller {
	return model.Caller{
		UserID: t.User.ID, Kind: t.User.Kind, Admin: t.User.Admin, Auditor: t.User.Auditor,
		External: t.User.External, Blocked: t.User.Blocked,
		Token: &model.Credential{ID: t.ID, Kind: t.Kind, ExpiresOn: t.ExpiresOn, Revoked: !t.RevokedAt.IsZero(), Replaced: t.Replaced(),
			Scopes: t.Scopes, Place: t.Place},
	}
}

// Enter decides whether a caller may do something in a project.
func (db *DB) Enter(ctx context.Context, c model.Caller, access model.Access, action model.Action, ref model.Ref) (e model.Entrance, err error) {
	err = db.view(ctx, model.Actor{UserID: c.UserID}, func(t *tx) error {
		p, err := t.findKind(model.ProjectPlace, ref)
		if err != nil {
			return err
		}
		f := model.Facts{Today: t.today(), Caller: c, Access: access, Action: action}
		if f.Target, err = t.target(c, p); err != nil {
			return err
		}
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		if db.readOnly && action == model.PushCode {
			return errRehearsing
		}
		e.Project, err = t.project(c, p)
		return err
	})
	if err == nil && git.Exists(db.repositories.Folder(e.Project.ID)) {
		e.Repository = db.repositories.Folder(e.Project.ID)
	}
	return e, err
}
