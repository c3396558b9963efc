package storage

import (
	"context"
	"time"

	"patrol/model"
)

// RotateTokens gives each of the tokens a successor, all or none (R64, R66).
func (db *DB) RotateTokens(ctx context.Context, a model.Actor, in model.Ref, r model.Rotation, ids ...int64) (made []model.IssuedToken, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		made = made[:0]
		for i, id := range ids {
			f, old, err := t.rotation(in, r.Of(i, len(ids)), id)
			if err != nil {
				return err
			}
			if err := t.decide(f, model.TokenRotated, aboutToken(old)); err != nil {
				return err
			}
			if old.Kind != model.PersonalToken { // R113: set anew from the human who rotates
				if err := t.exec(setExternalSQL, f.Caller.External, old.User.ID); err != nil {
					return err
				}
			}
			issued, err := t.succeed(old, *f.Rotation)
			if err != nil {
				return err
			}
			made = append(made, issued)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

const setExternalSQL = `UPDATE users SET external = ? WHERE id = ?`

// CheckRotation decides RotateTokens for one token without doing it.
func (db *DB) CheckRotation(ctx context.Context, a model.Actor, in model.Ref, r model.Rotation, id int64) (filled model.Rotation, d model.Decision, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		f, _, err := t.rotation(in, r, id)
		if err != nil {
			return err
		}
		filled, d = *f.Rotation, model.Decide(f)
		return nil
	})
	return filled, d, err
}

// rotation reads the facts for rotating a token, with the date filled in.
func (t *tx) rotation(in model.Ref, r model.Rotation, id int64) (model.Facts, model.Token, error) {
	f, old, err := t.aim(model.RESTWrite, model.RotateToken, in, id)
	if err != nil {
		return f, old, err
	}
	err = t.fillRotation(&f, old, r)
	return f, old, err
}

func (t *tx) fillRotation(f *model.Facts, old model.Token, r model.Rotation) error {
	settings, err := t.instance()
	if err != nil {
		return err
	}
	f.Target.MaxLifetime = settings.number(model.SettingMaxLifetime)
	r = r.WithDefaults(t.actor.Door, old, t.today(), f.Target.MaxLifetime)
	f.Rotation = &r
	return nil
}

// RotateSelf rotates the token that the actor shows (R65).
func (db *DB) RotateSelf(ctx context.Context, a model.Actor, in model.Ref, r model.Rotation) (issued model.IssuedToken, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		f := model.Facts{Today: t.today(), Access: t.access(model.SelfRotation), Action: model.RotateSelf}
		if f.Caller, err = t.caller(); err != nil {
			return err
		}
		if err := model.Admit(f.Caller, f.Access, f.Today).Err(); err != nil {
			return err
		}
		old, found, err := t.tokenBy(`t.id = ?`, a.TokenID)
		if err != nil {
			return err
		}
		if !found {
			return model.NotFound("token")
		}
		if err := t.ownPlace(f.Caller, old, in); err != nil {
			return err
		}
		if f.Target, err = t.tokenTarget(f.Caller, old); err != nil {
			return err
		}
		if err := t.fillRotation(&f, old, r); err != nil {
			return err
		}
		if err := t.decide(f, model.TokenRotated, aboutToken(old)); err != nil {
			return err
		}
		issued, err = t.succeed(old, *f.Rotation)
		return err
	})
	if err != nil {
		return model.IssuedToken{}, err
	}
	return issued, nil
}

// ownPlace: a token that rotates itself in a place named must be that place's
// own; one that it doesn't see isn't there (A46).
func (t *tx) ownPlace(c model.Caller, old model.Token, in model.Ref) error {
	if in == (model.Ref{}) {
		return nil
	}
	p, err := t.findPlace(in)
	if err != nil {
		return err
	}
	if p.Place == old.Place && !p.missing {
		return nil
	}
	f := model.Facts{Today: t.today(), Caller: c, Action: seeing(p.Kind)}
	if f.Target, err = t.target(c, p); err != nil {
		return err
	}
	if err := model.Decide(f).Err(); err != nil {
		return err
	}
	if err := t.refuse("A46", model.TokenRotated, aboutToken(old)); err != nil {
		return err
	}
	return &model.Reason{Rule: "A46", Kind: model.ErrDenied, Text: "A token rotates itself in its own project or group only.", Remedy: "the address of its own place"}
}

const insertSuccessorSQL = `INSERT INTO tokens (kind, user_id, group_id, project_id, name, description, scopes, digest, creator_id, created_at, expires_on, family_id)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const replaceSQL = `UPDATE tokens SET replaced_by = ?, replaced_until = ? WHERE id = ?`

// succeed makes the successor and ends the old token, now or when the overlap
// does (R66, R69): in one transaction, so that there is no moment with neither.
func (t *tx) succeed(old model.Token, r model.Rotation) (issued model.IssuedToken, err error) {
	settings, err := t.instance()
	if err != nil {
		return issued, err
	}
	secret := model.MakeSecret(settings.settings[model.SettingPrefix])
	digest := secret.Digest()
	group, project := placeIDs(old.Place)
	id, err := t.insert(insertSuccessorSQL, string(old.Kind), old.User.ID, group, project, old.Name, old.Description, old.Scopes.String(),
		digest[:], t.actor.ID(), t.now.UnixMilli(), r.ExpiresOn.String(), old.Family)
	if err != nil {
		return issued, err
	}
	if r.OverlapHours == 0 {
		err = t.exec(revokeSQL, t.now.UnixMilli(), old.ID)
	} else {
		until := t.now.Add(time.Duration(r.OverlapHours) * time.Hour)
		if end := old.ExpiresOn.Time(); end.Before(until) {
			until = end
		}
		err = t.exec(replaceSQL, id, until.UnixMilli(), old.ID)
	}
	if err != nil {
		return issued, err
	}
	if issued.Token, _, err = t.tokenBy(`t.id = ?`, id); err != nil {
		return issued, err
	}
	issued.Secret = secret
	change := map[string]any{"from": old.ID, "expires_at": r.ExpiresOn}
	if r.OverlapHours > 0 {
		change["overlap_hours"] = r.OverlapHours
	}
	return issued, t.record(model.TokenRotated, aboutToken(issued.Token), change)
}

// Reused answers the secret of a revoked token that was presented on a rotation
// endpoint: every live token of its family is revoked (R68). Where none is left
// the request is a refusal like others, and counted like them (R160). Of an
// expired one nothing follows.
func (db *DB) Reused(ctx context.Context, a model.Actor, tokenID int64) error {
	return db.change(ctx, a, func(t *tx) error {
		token, found, err := t.tokenBy(`t.id = ?`, tokenID)
		if err != nil || !found || token.RevokedAt.IsZero() || token.ExpiresOn <= t.today() {
			return err
		}
		family, err := t.int(`SELECT count(*) FROM tokens t WHERE `+familySQL+` AND t.revoked_at IS NULL`, token.Family, token.Family)
		if err != nil {
			return err
		}
		if family == 0 {
			if err := t.refuse("R68", model.TokenFamilyRevoked, aboutToken(token)); err != nil {
				return err
			}
			return t.appendRefusal(t.refused)
		}
		err = t.record(model.TokenFamilyRevoked, aboutToken(token), map[string]any{"family": token.Family, "revoked": family, "name": token.Name})
		if err != nil {
			return err
		}
		return t.eachLive(familySQL, []any{token.Family, token.Family}, t.revoke)
	})
}
