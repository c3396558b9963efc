package storage

import (
	"context"
	"fmt"
	"strings"

	"patrol/model"
)

// On another day (R174) states are those that upkeep would have made rows of by
// then (R121, R122). A rehearsal writes nothing: each of its connections sees the
// tables through views of the same names, which only it has.

const (
	// endedBotsSQL: bots idle for longer than they are kept, or whose last token
	// has expired for longer than it is.
	endedBotsSQL = `INSERT INTO temp.ended_bots
	SELECT id FROM main.users WHERE idle_since IS NOT NULL AND deleted_at IS NULL AND idle_since <= %[3]d
	UNION SELECT user_id FROM main.tokens t WHERE t.revoked_at IS NULL AND t.expires_on <= '%[1]s' AND t.kind <> 'personal'
		AND NOT EXISTS (SELECT 1 FROM main.tokens o WHERE o.user_id = t.user_id AND o.revoked_at IS NULL AND o.expires_on > '%[1]s')`

	endedTokenSQL = `CASE WHEN revoked_at IS NULL AND kind <> 'personal' AND expires_on <= '%[1]s'
		THEN CAST(strftime('%%s', expires_on, '+%[2]d days') AS INTEGER) * 1000 ELSE revoked_at END AS revoked_at`

	endedBotSQL = `CASE WHEN id IN (SELECT id FROM temp.ended_bots) THEN coalesce(deleted_at, %[4]d) ELSE deleted_at END AS deleted_at`

	formerRoleSQL = `CASE WHEN id IN (SELECT id FROM temp.ended_bots) THEN (SELECT role FROM main.members m WHERE m.user_id = u.id) ELSE former_role END AS former_role`
)

// rehearse lets a new connection of a rehearsal see what will be.
func (db *DB) rehearse(ctx context.Context, c *conn) error {
	t := &tx{db: db, conn: c, ctx: ctx, now: db.Now()}
	in, err := t.instance()
	if err != nil {
		return err
	}
	kept := in.number(model.SettingExpiredBots)
	args := []any{(t.today() - model.Date(kept)).String(), kept, t.now.AddDate(0, 0, -in.number(model.SettingBotRetention)).UnixMilli(), t.now.UnixMilli()}
	statements := []string{"PRAGMA query_only = 0", "CREATE TEMP TABLE ended_bots (id INTEGER PRIMARY KEY)", fmt.Sprintf(endedBotsSQL, args[:3]...)}
	for _, view := range []struct {
		table, alias, where string
		instead             map[string]string
	}{
		{"tokens", "t", "", map[string]string{"revoked_at": fmt.Sprintf(endedTokenSQL, args[:2]...)}},
		{"users", "u", "", map[string]string{"deleted_at": fmt.Sprintf(strings.ReplaceAll(endedBotSQL, "%[4]d", "%d"), args[3]), "former_role": formerRoleSQL}},
		{"members", "m", " WHERE user_id NOT IN (SELECT id FROM temp.ended_bots)", nil},
	} {
		var columns []string
		err := t.rows(`SELECT name FROM pragma_table_info(?)`, []any{view.table}, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			if expression := view.instead[name]; expression != "" {
				name = expression
			}
			columns = append(columns, name)
			return err
		})
		if err != nil {
			return err
		}
		statements = append(statements, fmt.Sprintf(`CREATE TEMP VIEW %s AS SELECT %s FROM main.%s %s%s`,
			view.table, strings.Join(columns, ", "), view.table, view.alias, view.where))
	}
	for _, statement := range append(statements, "PRAGMA query_only = 1") {
		if err := c.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
