package storage

import (
	"context"
	"sync"
	"time"

	"patrol/git"
	"patrol/model"
)

// remembered is what a door has found, as long as nothing at all has been
// committed since (R92): the version is asked before each use.
type remembered[K comparable, V any] struct {
	mu      sync.RWMutex
	version uint64
	found   map[K]*V
}

// mostRemembered bounds the memory that it takes.
const mostRemembered = 10_000

func (r *remembered[K, V]) get(version uint64, key K) *V {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.version != version {
		return nil
	}
	return r.found[key]
}

func (r *remembered[K, V]) put(version uint64, key K, found *V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.version != version || len(r.found) >= mostRemembered {
		r.version, r.found = version, map[K]*V{}
	}
	r.found[key] = found
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
	version, exact, err := db.exactVersion() // before the rows are read: a change in between counts as later
	if err != nil {
		return unknown, err
	}
	if pass := db.passes.get(version, key); exact && pass != nil {
		return aged(*pass, db.Now()), nil
	}
	pass := unknown
	var found bool
	err = db.glance(ctx, func(t *tx) error {
		return t.rows(authenticateSQL, []any{key[:]}, func(scan func(...any) error) (err error) {
			found = true
			pass.Token, err = t.scanToken(scan)
			pass.User, pass.Caller = pass.Token.User, callerOf(pass.Token)
			return err
		})
	})
	if err == nil && exact && found && pass.Token.RevokedAt.IsZero() { // an overlap that has ended runs again if the clock steps back
		db.passes.put(version, key, &pass)
	}
	return pass, err
}

// exactVersion is the version, if what was found with it may be remembered.
func (db *DB) exactVersion() (version uint64, exact bool, err error) {
	if !db.engine.Exact() {
		return 0, false, nil
	}
	version, err = db.engine.Version()
	return version, true, db.engine.Explain(err)
}

// AuthenticateKey finds the person whose SSH key has a fingerprint.
func (db *DB) AuthenticateKey(ctx context.Context, fingerprint string) (pass model.Pass, err error) {
	err = db.view(ctx, model.Actor{}, func(t *tx) error {
		u, found, err := t.user(`u.id = (SELECT k.user_id FROM keys k WHERE k.fingerprint = ?)`, fingerprint)
		if found && u.Kind == model.Human { // bots have none (G44)
			pass.User = u
			pass.Caller = u.Caller()
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
		if e.Project, err = t.project(c, p); err != nil {
			return err
		}
		return db.atHome()
	})
	if err == nil && git.Exists(db.repositories.Folder(e.Project.ID)) {
		e.Repository = db.repositories.Folder(e.Project.ID)
	}
	return e, err
}

// siteKey is what the facts about a request to a site depend on.
type siteKey struct {
	user  int64
	place model.Ref
	day   model.Date // memberships end with a day (R8)
}

// siteFacts are those facts.
type siteFacts struct {
	target model.Target
	path   string
}

// EnterSite decides about a request to a site. What it needs to know of the
// place is remembered as a pass is; the decision is made anew each time.
func (db *DB) EnterSite(ctx context.Context, c model.Caller, s model.Site) (e model.SiteEntrance, err error) {
	f := model.Facts{Today: model.DateOf(db.Now()), Caller: c}
	f.Access, f.Action = s.Ask()
	if s.Place == (model.Ref{}) && c.Token != nil {
		s.Place = c.Token.Place.Ref()
	}
	facts := &siteFacts{}
	if s.Place.Kind != model.NoPlace && c.UserID != 0 { // else there is nothing to look up
		if facts, err = db.siteFacts(ctx, c, siteKey{c.UserID, s.Place, f.Today}); err != nil {
			return e, err
		}
	}
	f.Target = facts.target
	role, d := model.DecideSite(f, s)
	return model.SiteEntrance{Path: facts.path, Role: role}, d.Err()
}

func (db *DB) siteFacts(ctx context.Context, c model.Caller, key siteKey) (*siteFacts, error) {
	version, exact, err := db.exactVersion()
	if err != nil {
		return nil, err
	}
	if known := db.sites.get(version, key); exact && known != nil {
		return known, nil
	}
	facts := &siteFacts{}
	err = db.view(ctx, model.Actor{UserID: c.UserID}, func(t *tx) error {
		p, err := t.findPlace(key.place)
		if err != nil {
			return err
		}
		facts.path = p.path
		facts.target, err = t.target(c, p)
		return err
	})
	if err == nil && exact && !facts.target.Missing { // who guesses doesn't fill it, and no path in it is longer than a place's
		db.sites.put(version, key, facts)
	}
	return facts, err
}

// EnterImages decides what a caller may do with images, all in one transaction.
func (db *DB) EnterImages(ctx context.Context, c model.Caller, asked []model.ImageRequest) (granted []model.ImageRequest, refused, err error) {
	err = db.view(ctx, model.Actor{UserID: c.UserID}, func(t *tx) error {
		for _, r := range asked {
			target := model.Target{}
			if r.Type == model.ImageType {
				p, err := t.imagePlace(r.Name)
				if err != nil {
					return err
				}
				if target, err = t.target(c, p); err != nil {
					return err
				}
			}
			grant, d := model.GrantImage(c, t.today(), target, r)
			if len(grant.Actions) > 0 {
				granted = append(granted, grant)
			}
			if !d.Allowed {
				refused = d.Err()
			}
		}
		return nil
	})
	return granted, refused, err
}
