package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"patrol/model"
)

// On another day (R174) states are those that upkeep would have made rows of by
// then (R121, R122). A rehearsal writes nothing: each of its connections sees the
// tables through views of the same names, which only it has.

const (
	// endedBotsSQL: bots idle for longer than they are kept, or whose last token
	// has expired for longer than it is.
	endedBotsSQL = `SELECT id FROM users WHERE idle_since IS NOT NULL AND deleted_at IS NULL AND idle_since <= ?1
	UNION SELECT user_id FROM tokens t WHERE t.revoked_at IS NULL AND t.expires_on <= ?2 AND t.kind <> 'personal'
		AND NOT EXISTS (SELECT 1 FROM tokens o WHERE o.user_id = t.user_id AND o.revoked_at IS NULL AND o.expires_on > ?2)`

	insertEndedSQL = `INSERT INTO {temp}.ended_bots SELECT value FROM {list} AS list`

	endedTokenSQL = `CASE WHEN revoked_at IS NULL AND kind <> 'personal' AND expires_on <= '%[1]s'
		THEN {milliseconds}(expires_on) + %[2]d ELSE revoked_at END AS revoked_at`

	endedBotSQL = `CASE WHEN id IN (SELECT id FROM {temp}.ended_bots) THEN coalesce(deleted_at, %d) ELSE deleted_at END AS deleted_at`

	formerRoleSQL = `CASE WHEN id IN (SELECT id FROM {temp}.ended_bots) THEN (SELECT role FROM {main}.members m WHERE m.user_id = u.id) ELSE former_role END AS former_role`
)

// rehearsal is what upkeep will have done by then. Finding it out looks at every
// token, so it is done once and beside the first screen; who reads waits for it.
type rehearsal struct {
	stop  context.CancelFunc
	known chan struct{} // closed once it is, or can't be
	ended []byte        // the bots that are gone by then: a JSON list of numbers
	err   error
}

func (db *DB) startRehearsal() {
	ctx, stop := context.WithCancel(context.Background())
	r := &rehearsal{stop: stop, known: make(chan struct{})}
	db.rehearsal = r
	go func() {
		defer close(r.known)
		r.ended, r.err = db.endedBots(ctx)
	}()
}

func (db *DB) endedBots(ctx context.Context) (list []byte, err error) {
	c, err := db.newConn(ctx, Reader)
	if err != nil {
		return nil, err
	}
	defer c.close()
	t := &tx{db: db, conn: c, ctx: ctx, now: db.Now()}
	in, err := t.instance()
	if err != nil {
		return nil, err
	}
	idle := t.now.AddDate(0, 0, -in.number(model.SettingBotRetention)).UnixMilli()
	expired := t.today() - model.Date(in.number(model.SettingExpiredBots))
	ids, err := t.ids(endedBotsSQL, idle, expired.String())
	if err != nil {
		return nil, err
	}
	if ids == nil {
		ids = []int64{}
	}
	return json.Marshal(ids)
}

// end forgets it; nobody reads any more.
func (r *rehearsal) end() {
	r.stop()
	<-r.known
}

// rehearse lets a new connection of a rehearsal see what will be.
func (db *DB) rehearse(ctx context.Context, c *conn) error {
	r := db.rehearsal
	select {
	case <-r.known:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.err != nil {
		return r.err
	}
	t := &tx{db: db, conn: c, ctx: ctx, now: db.Now()}
	in, err := t.instance()
	if err != nil {
		return err
	}
	kept := in.number(model.SettingExpiredBots)
	for _, statement := range []string{"{may write}", "CREATE TEMP TABLE ended_bots (id INTEGER PRIMARY KEY)"} {
		if err := c.exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := c.exec(ctx, insertEndedSQL, string(r.ended)); err != nil {
		return err
	}
	var statements []string
	for _, view := range []struct {
		table, alias, where string
		instead             map[string]string
	}{
		{"tokens", "t", "", map[string]string{"revoked_at": fmt.Sprintf(endedTokenSQL, (t.today() - model.Date(kept)).String(), (time.Duration(kept) * day).Milliseconds())}},
		{"users", "u", "", map[string]string{"deleted_at": fmt.Sprintf(endedBotSQL, t.now.UnixMilli()), "former_role": formerRoleSQL}},
		{"members", "m", " WHERE user_id NOT IN (SELECT id FROM {temp}.ended_bots)", nil},
	} {
		columns, err := t.columns(`SELECT * FROM ` + view.table + ` LIMIT 0`)
		if err != nil {
			return err
		}
		for i, name := range columns {
			if expression := view.instead[name]; expression != "" {
				columns[i] = expression
			}
		}
		statements = append(statements, fmt.Sprintf(`CREATE TEMP VIEW %s AS SELECT %s FROM {main}.%s %s%s`,
			view.table, strings.Join(columns, ", "), view.table, view.alias, view.where))
	}
	for _, statement := range append(statements, "{may not write}") {
		if err := c.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
