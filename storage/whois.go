package storage

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"patrol/model"
)

// Whois finds our secrets and request ids in a text (R146). Of the text only
// digests are kept, and those only until they were looked up.
func (db *DB) Whois(ctx context.Context, a model.Actor, text io.Reader) (hits []model.Hit, err error) {
	if db.readOnly {
		return nil, errRehearsing // without its audit entry nothing is looked up
	}
	l := newLookup(ctx, db, a)
	s := &model.Scanner{Secret: l.secret, Request: l.request}
	err = db.view(ctx, a, func(t *tx) (err error) {
		if _, err = t.visibleTokens(); err == nil {
			s.Prefixes, err = t.prefixes()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.Read(ctx, text); err != nil {
		return nil, err
	}
	if err := l.flush(); err != nil {
		return nil, err
	}
	if hits, err = l.hits(); err != nil {
		return nil, err
	}
	return hits, db.change(ctx, a, func(t *tx) error { return t.lookedUp(hits) })
}

// visibleTokens are the tokens that the actor may learn of, as a condition on
// tokenTables.
func (t *tx) visibleTokens() (w where, err error) {
	caller, err := t.caller()
	if err != nil {
		return w, err
	}
	return w, t.listAll(&w, caller)
}

const prefixChangesSQL = `SELECT change FROM audit WHERE target_kind = 'setting' AND target_id = 0 AND target_path = ? AND NOT refused`

// prefixes are all that were ever in use (R141), without the empty one. Those of
// the past stand in the audit log, which forgets nothing.
func (t *tx) prefixes() ([][]byte, error) {
	in, err := t.instance()
	if err != nil {
		return nil, err
	}
	used := map[string]bool{in.settings[model.SettingPrefix]: true}
	err = t.rows(prefixChangesSQL, []any{model.SettingPrefix}, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var change map[string][2]string
		if err := json.Unmarshal([]byte(text), &change); err != nil {
			return err
		}
		for _, prefix := range change[model.SettingPrefix] {
			used[prefix] = true
		}
		return nil
	})
	delete(used, "")
	var list [][]byte
	for _, prefix := range slices.Sorted(maps.Keys(used)) {
		list = append(list, []byte(prefix))
	}
	return list, err
}

// hits are the tokens found that the actor may learn of, by id, and after them
// the refusals.
func (l *lookup) hits() (list []model.Hit, err error) {
	err = l.db.view(l.ctx, l.actor, func(t *tx) error {
		sight, err := t.visibleTokens()
		if err != nil {
			return err
		}
		token := func(id int64) (model.Token, bool, error) {
			return t.tokenBy(sight.String()+` AND t.id = ?`, append(slices.Clone(sight.args), id)...)
		}
		for _, id := range slices.Sorted(maps.Keys(l.times)) {
			found, ok, err := token(id)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, model.Hit{Token: found, Times: l.times[id]})
			}
		}
		for _, id := range slices.Sorted(maps.Keys(l.refusals)) {
			hit := *l.refusals[id]
			found, ok, err := token(hit.Refusal.TokenID)
			if err != nil {
				return err
			}
			if ok {
				hit.Token = found
				list = append(list, hit)
			}
		}
		return nil
	})
	return list, err
}

// lookedUp writes the one audit entry, which names the ids found: about the token
// itself, if it is one.
func (t *tx) lookedUp(hits []model.Hit) error {
	found := map[int64]bool{}
	for _, h := range hits {
		found[h.Token.ID] = true
	}
	ids := append([]int64{}, slices.Sorted(maps.Keys(found))...)
	on := about{kind: "token"}
	if len(ids) == 1 {
		on = aboutToken(hits[0].Token)
	}
	return t.record(model.TokenLookedUp, on, map[string]any{"found": ids})
}
