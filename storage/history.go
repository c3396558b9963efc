package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"patrol/model"
)

// The arms of a token's history: what was done to it and to its family, and what
// it did. Equal
// times keep the order in which they were written.
const historyTables = `(
	SELECT a.at AS at, 0 AS arm, a.number AS id, a.target_id AS target, a.action AS action, a.user || CASE a.as_user WHEN '' THEN '' ELSE ' as ' || a.as_user END AS who,
		a.address AS address, a.change AS change, a.target_path AS path, a.rule AS rule, 0 AS objects, 0 AS bytes
		FROM audit a WHERE a.target_kind = 'token' AND a.target_id IN (SELECT id FROM tokens WHERE id = ?1 OR family_id > 0 AND family_id = ?2 OR id = ?2)
	UNION ALL
	SELECT a.at, 0, a.number, 0, a.action, '', a.address, a.change, a.target_path, a.rule, 0, 0
		FROM audit a WHERE a.token_id > 0 AND a.token_id = ?1 AND NOT (a.target_kind = 'token' AND a.target_id = ?1)
	UNION ALL
	SELECT p.at, 1, p.id, 0, 'git push', '', '', p.refs, coalesce(r.path, ''), '', p.unseen_objects, p.unseen_bytes
		FROM pushes p LEFT JOIN routes r ON r.project_id = p.project_id WHERE p.token_id = ?1) h`

// TokenHistory is what happened to a token and what was done with it, newest
// first.
func (db *DB) TokenHistory(ctx context.Context, a model.Actor, id int64, p model.Page) (list model.List[model.Event], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		f, token, err := t.aim(model.RESTRead, model.ReadToken, model.Ref{}, id)
		if err != nil {
			return err
		}
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		list, err = page(t, p, paged{
			columns: `h.at, h.arm, h.id, h.target, h.action, h.who, h.address, h.change, h.path, h.rule, h.objects, h.bytes`,
			from:    historyTables,
			args:    []any{id, token.Family}, // ?1 and ?2; the marks without a number follow
			keys:    []sortKey{{column: `h.at`, descending: true}, {column: `h.arm`, descending: true}, {column: `h.id`, descending: true}},
		}, func(scan func(...any) error) (model.Event, []any, error) { return scanEvent(scan, id) })
		return err
	})
	return list, err
}

// scanEvent reads one row of the history of a token.
func scanEvent(scan func(...any) error, of int64) (e model.Event, keys []any, err error) {
	var at, arm, id, target, objects, bytes int64
	var who, address, change, path, rule sql.NullString
	if err := scan(&at, &arm, &id, &target, &e.Action, &who, &address, &change, &path, &rule, &objects, &bytes); err != nil {
		return e, nil, err
	}
	e.Key, e.At = 2*id+arm, time.UnixMilli(at).UTC()
	var parts []string
	if target != 0 && target != of { // of another token of the family (R68)
		parts = append(parts, fmt.Sprintf("token %d", target))
	}
	if rule.String != "" {
		parts = append(parts, "refused by "+rule.String)
	}
	if who.String != "" {
		parts = append(parts, "by "+who.String)
	} else if path.String != "" {
		parts = append(parts, path.String)
	}
	if address.String != "" {
		parts = append(parts, "from "+address.String)
	}
	if detail := changeText(change.String); detail != "" {
		parts = append(parts, detail)
	}
	if objects != 0 { // G111
		what := "objects"
		if objects == 1 {
			what = "object"
		}
		parts = append(parts, fmt.Sprintf("%d %s of %d MiB unseen", objects, what, bytes>>20))
	}
	e.Text = strings.Join(parts, ", ")
	return e, []any{at, arm, id}, nil
}

// changeText puts an audit entry's change, or a push's refs, into words.
func changeText(change string) string {
	var refs []struct{ Ref string }
	if json.Unmarshal([]byte(change), &refs) == nil {
		names := make([]string, len(refs))
		for i, r := range refs {
			names[i] = strings.TrimPrefix(r.Ref, "refs/heads/")
		}
		return strings.Join(names, " ")
	}
	var values map[string]any
	if json.Unmarshal([]byte(change), &values) != nil {
		return ""
	}
	parts := make([]string, 0, len(values))
	for key, v := range values {
		if list, ok := v.([]any); ok {
			words := make([]string, len(list))
			for i, x := range list {
				words[i] = fmt.Sprint(x)
			}
			v = strings.Join(words, " ")
		}
		parts = append(parts, fmt.Sprintf("%s %v", strings.ReplaceAll(key, "_", " "), v))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}
