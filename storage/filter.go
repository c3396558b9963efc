package storage

import (
	"slices"
	"strings"

	"patrol/model"
)

// filter compiles a filter line into conditions on narrowTables; deleted: the
// list shows the tokens of deleted bots too.
func (t *tx) filter(w *where, f model.Filter, deleted bool) error {
	for _, term := range f {
		var any where
		for _, v := range term.Values {
			t.filterValue(&any, term.Field, v, deleted)
		}
		condition := `(` + strings.Join(any.conditions, ` OR `) + `)`
		switch {
		case term.Not:
			w.and(`NOT `+condition, any.args...)
		case term.Field == "expires": // narrower than what state:active says of the date
			w.first(condition, any.args...)
		default:
			w.and(condition, any.args...)
		}
		if err := t.narrow(w, term); err != nil {
			return err
		}
	}
	return nil
}

// narrow adds where the tokens of a term can be found, if an index tells it.
func (t *tx) narrow(w *where, term model.Term) error {
	switch {
	case term.Not:
		return nil
	case term.Field == "", term.Field == "bot":
		return t.narrowToWords(w, texts(term.Values), term.Field == "")
	case term.Field == "project":
		return t.narrowToProjects(w, texts(term.Values))
	case term.Field == "state" && len(term.Values) == 1 && term.Values[0].Text == "published":
		return t.narrowToPublished(w)
	}
	return nil
}

// inPlaces are tokens of the projects or groups whose path fits a pattern. It is
// looked for once, not once for every token.
func inPlaces(column, path string) string {
	return `coalesce(t.` + column + ` IN (SELECT ` + column + ` FROM routes WHERE ` + column + ` IS NOT NULL AND ` + path + ` {like} ? ESCAPE '\'), FALSE)`
}

// ofBot are tokens of bots for which a condition holds.
func ofBot(condition string) string { return `(t.kind <> 'personal' AND ` + condition + `)` }

// filterValue adds one alternative of a term. No condition is ever NULL, so
// that NOT turns each around.
func (t *tx) filterValue(w *where, field string, v model.Value, deleted bool) {
	today := t.today().String()
	switch field {
	case "role":
		role, _ := model.ParseRole(v.Text) // checked by the parser
		member := `(t.user_id IN (SELECT user_id FROM members WHERE role ` + compare(v) + ` ?) AND t.kind <> 'personal')`
		if deleted {
			w.and(`(`+member+` OR coalesce(u.former_role `+compare(v)+` ?, FALSE))`, int(role), int(role))
		} else {
			w.and(member, int(role))
		}
	case "scope":
		w.and(`' ' || t.scopes || ' ' {like} ? ESCAPE '\'`, like(" "+v.Text+" "))
	case "state":
		// Each condition stands by itself, so that an index can answer it.
		live, now := `t.revoked_at IS NULL AND coalesce(t.replaced_until > ?, TRUE)`, t.now.UnixMilli()
		dead := `(t.revoked_at IS NOT NULL OR coalesce(t.replaced_until <= ?, FALSE))` // R69
		switch v.Text {
		case "active":
			w.and(`(`+live+` AND t.expires_on > ?)`, now, today)
		case "expired":
			w.and(`(`+live+` AND t.expires_on <= ?)`, now, today)
		case "revoked":
			w.and(dead, now)
		case "published": // G112
			w.and(`(t.published_at IS NOT NULL AND `+live+` AND t.expires_on > ?)`, now, today)
		default: // inactive
			w.and(`(`+dead+` OR t.expires_on <= ?)`, now, today)
		}
	case "kind":
		w.and(`t.kind = ?`, v.Text)
	case "project":
		w.and(inPlaces(`project_id`, `path`), like(v.Text))
	case "group":
		below := strings.TrimPrefix(like(v.Text+"/"), "%")
		w.and(`(`+inPlaces(`project_id`, `path || '/'`)+` OR `+inPlaces(`group_id`, `path || '/'`)+`)`, below, below)
	case "bot":
		username, args := contains(v.Text, `u.username`)
		w.and(ofBot(username), args...)
	case "by":
		w.and(`c.username = ?`, v.Text)
	case "created":
		t.filterPast(w, `t.created_at`, v)
	case "last-used":
		if v.Never {
			w.and(`+t.last_used_at IS NULL`) // an index would lead to very many
			return
		}
		t.filterPast(w, `t.last_used_at`, v)
	case "id":
		id, _ := model.ParseID(v.Text) // checked by the parser
		w.and(`t.id = ?`, id)
	case "idle":
		t.filterPast(w, `coalesce(t.last_used_at, t.created_at)`, v)
	case "expires":
		day := v.Date
		if v.Days >= 0 {
			day = t.today() + model.Date(v.Days)
		}
		w.and(`t.expires_on `+compare(v)+` ?`, day.String())
	default:
		name, args := contains(v.Text, `t.name`)
		username, more := contains(v.Text, `u.username`)
		w.and(`(`+name+` OR `+inPlaces(`project_id`, `path`)+` OR `+inPlaces(`group_id`, `path`)+` OR `+ofBot(username)+`)`,
			slices.Concat(args, []any{like(v.Text), like(v.Text)}, more)...)
	}
}

func compare(v model.Value) string {
	if v.Compare == 0 {
		return "="
	}
	return string(v.Compare)
}

// filterPast compares a moment in the past: with a date, or with an age, where
// >90d means longer ago than that.
func (t *tx) filterPast(w *where, column string, v model.Value) {
	day, sign := v.Date, compare(v)
	if v.Days >= 0 {
		day = t.today() - model.Date(v.Days)
		sign = map[string]string{"<": ">", ">": "<", "=": "="}[sign]
	}
	start, end := day.Time().UnixMilli(), (day + 1).Time().UnixMilli()
	switch sign {
	case "<":
		w.and(`coalesce(`+column+` < ?, FALSE)`, start)
	case ">":
		w.and(`coalesce(`+column+` >= ?, FALSE)`, end)
	default:
		w.and(`coalesce(`+column+` >= ? AND `+column+` < ?, FALSE)`, start, end)
	}
}
