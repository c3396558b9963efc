package storage

import (
	"context"
	"math"
	"slices"
	"strings"

	"patrol/model"
)

// Tokens lists a place's own tokens, or all that the actor may see.
func (db *DB) Tokens(ctx context.Context, a model.Actor, q model.TokenQuery, p model.Page) (list model.List[model.Token], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		w, err := t.tokensWhere(q)
		if err != nil {
			return err
		}
		keys, values := tokenOrder(q)
		list, err = page(t, p, paged{columns: tokenColumns, from: tokenTables, narrow: narrowTables(w), id: `t.id`, where: w, keys: keys, unindexed: misleading(q)},
			func(scan func(...any) error) (model.Token, []any, error) {
				token, err := t.scanToken(scan)
				return token, values(token), err
			})
		if err != nil {
			return err
		}
		return t.withEmails(list.Rows)
	})
	return list, err
}

// narrowTables are as many of tokenTables as conditions on tokens speak of:
// searching and counting needn't look up a row in each for every token.
func narrowTables(w where) string {
	conditions, tables := w.String(), `tokens t`
	if strings.Contains(conditions, `u.`) {
		tables += ` JOIN users u ON u.id = t.user_id`
	}
	if strings.Contains(conditions, `c.`) {
		tables += ` JOIN users c ON c.id = t.creator_id`
	}
	return tables
}

// tokensWhere decides what the actor may list and turns the rest of the query
// into conditions.
func (t *tx) tokensWhere(q model.TokenQuery) (w where, err error) {
	caller, err := t.caller()
	if err != nil {
		return w, err
	}
	if q.In != (model.Ref{}) {
		err = t.listPlace(&w, caller, q.In)
	} else {
		err = t.listAll(&w, caller)
	}
	if err != nil {
		return w, err
	}
	today, now := t.today().String(), t.now.UnixMilli()
	is := func(condition string, want bool, args ...any) {
		if !want {
			condition = `NOT (` + condition + `)`
		}
		w.and(condition, args...)
	}
	if q.IDs != nil {
		w.oneOf(`t.id`, q.IDs)
	}
	if q.UserID != 0 {
		w.and(`t.user_id = ?`, q.UserID)
	}
	if !q.Deleted && !onlyActive(q) { // an active token's bot lives
		w.and(`u.deleted_at IS NULL`)
	}
	switch {
	case q.Active != nil && *q.Active: // as two conditions, each of which an index knows
		w.and(`t.revoked_at IS NULL`)
		w.and(`t.expires_on > ?`, today)
		w.and(`coalesce(t.replaced_until > ?, TRUE)`, now)
	case q.Active != nil:
		w.and(`(t.revoked_at IS NOT NULL OR t.expires_on <= ? OR coalesce(t.replaced_until <= ?, FALSE))`, today, now)
	}
	if q.Revoked != nil {
		is(`(t.revoked_at IS NOT NULL OR coalesce(t.replaced_until <= ?, FALSE))`, *q.Revoked, now)
	}
	if q.Search != "" {
		w.holds(q.Search, `t.name`)
		if err := t.narrowToWords(&w, []string{q.Search}, false); err != nil {
			return w, err
		}
	}
	if !q.CreatedAfter.IsZero() {
		w.and(`t.created_at >= ?`, q.CreatedAfter.UnixMilli())
	}
	if !q.CreatedBefore.IsZero() {
		w.and(`t.created_at <= ?`, q.CreatedBefore.UnixMilli())
	}
	if q.ExpiresAfter != 0 {
		w.and(`t.expires_on >= ?`, q.ExpiresAfter.String())
	}
	if q.ExpiresBefore != 0 {
		w.and(`t.expires_on < ?`, q.ExpiresBefore.String())
	}
	if !q.LastUsedAfter.IsZero() {
		w.and(`t.last_used_at >= ?`, q.LastUsedAfter.UnixMilli())
	}
	if !q.LastUsedBefore.IsZero() {
		w.and(`t.last_used_at <= ?`, q.LastUsedBefore.UnixMilli())
	}
	return w, t.filter(&w, q.Filter, q.Deleted)
}

// onlyActive tells whether a query says that only active tokens are wanted.
func onlyActive(q model.TokenQuery) bool {
	return q.Active != nil && *q.Active || slices.ContainsFunc(q.Filter, func(term model.Term) bool {
		return term.Field == "state" && !term.Not && len(term.Values) == 1 && term.Values[0].Text == "active"
	})
}

// listPlace: a place's own tokens, if the actor may see them (R44, R48).
func (t *tx) listPlace(w *where, c model.Caller, in model.Ref) error {
	p, err := t.findPlace(in)
	if err != nil {
		return err
	}
	f := model.Facts{Today: t.today(), Caller: c, Access: t.access(model.RESTRead), Action: model.ListTokens}
	if f.Target, err = t.target(c, p); err != nil {
		return err
	}
	f.Target.TokenKind = model.KindAt(p.Kind)
	if err := model.Decide(f).Err(); err != nil {
		return err
	}
	if p.Kind == model.GroupPlace {
		w.and(`t.group_id = ?`, p.ID)
	} else {
		w.and(`t.project_id = ?`, p.ID)
	}
	return nil
}

// manageableSQL are the groups in which, at any depth, a user has a role of at
// least ?3.
const manageableSQL = `WITH RECURSIVE managed (id) AS (
	SELECT group_id FROM members WHERE user_id = ? AND group_id IS NOT NULL AND role >= ? AND (expires_on IS NULL OR expires_on > ?)
	UNION SELECT g.id FROM groups g JOIN managed ON g.parent_id = managed.id) SELECT id FROM managed`

// listAll: every token that R44, R48 and R152 let the actor see: his own, those
// of projects where he is a Maintainer and of groups that he owns while the
// flag is on (R70); administrators and auditors see them all (R48), but an
// auditor no personal ones over REST (R10).
func (t *tx) listAll(w *where, c model.Caller) error {
	if err := model.Admit(c, t.access(model.RESTRead), t.today()).Err(); err != nil {
		return err
	}
	others := model.Facts{Today: t.today(), Caller: c, Access: t.access(model.RESTRead), Action: model.ListTokens,
		Target: model.Target{TokenKind: model.PersonalToken}}
	switch {
	case model.Decide(others).Allowed:
		return nil
	case c.Auditor:
		w.and(`(t.kind <> 'personal' OR t.user_id = ?)`, c.UserID)
		return nil
	}
	in, err := t.instance()
	if err != nil {
		return err
	}
	today := t.today().String()
	w.and(`(t.user_id = ?
		OR t.project_id IN (SELECT p.id FROM projects p WHERE coalesce(p.flag, ?) AND (p.group_id IN (`+manageableSQL+`)
			OR p.id IN (SELECT project_id FROM members WHERE user_id = ? AND role >= ? AND (expires_on IS NULL OR expires_on > ?))))
		OR ? AND t.group_id IN (`+manageableSQL+`))`,
		c.UserID, in.flag, c.UserID, int(model.Maintainer), today,
		c.UserID, int(model.Maintainer), today,
		in.flag, c.UserID, int(model.Owner), today)
	return nil
}

// misleading are the columns whose index would be taken for a list of active tokens,
// which most are, although the order's own index soon leads to a page of them.
// Not where something else is asked for that few may fit.
func misleading(q model.TokenQuery) []string {
	few := q.In != (model.Ref{}) || q.Sort == model.ByExpiry || q.ExpiresAfter != 0 || q.ExpiresBefore != 0 ||
		slices.ContainsFunc(q.Filter, func(term model.Term) bool { return term.Field == "expires" })
	if few || !onlyActive(q) {
		return nil
	}
	return []string{`t.revoked_at`, `t.expires_on`}
}

// tokenOrder is a query's order and how a row's keys are read. Equal rows
// follow with the larger id first; never used ones are last in both directions
// (A41).
func tokenOrder(q model.TokenQuery) ([]sortKey, func(model.Token) []any) {
	last := sortKey{column: `t.id`, descending: true}
	switch q.Sort {
	case model.ByCreated:
		return []sortKey{{column: `t.created_at`, descending: q.Descending}, last}, func(t model.Token) []any { return []any{t.CreatedAt.UnixMilli(), t.ID} }
	case model.ByExpiry:
		return []sortKey{{column: `t.expires_on`, descending: q.Descending, text: true}, last}, func(t model.Token) []any { return []any{t.ExpiresOn.String(), t.ID} }
	case model.ByName:
		return []sortKey{{column: `t.name`, descending: q.Descending, text: true, noCase: true}, last}, func(t model.Token) []any { return []any{t.Name, t.ID} }
	case model.ByLastUse:
		column, never := `coalesce(t.last_used_at, 9223372036854775807)`, int64(math.MaxInt64)
		if q.Descending {
			column, never = `coalesce(t.last_used_at, -1)`, -1
		}
		return []sortKey{{column: column, descending: q.Descending}, last}, func(t model.Token) []any {
			if t.LastUsedAt.IsZero() {
				return []any{never, t.ID}
			}
			return []any{t.LastUsedAt.UnixMilli(), t.ID}
		}
	}
	return []sortKey{{column: `t.id`, descending: q.Descending}}, func(t model.Token) []any { return []any{t.ID} }
}
