package storage

import (
	"context"
	"database/sql"
	"time"

	"patrol/model"
)

// userWith has the clock in it, for the number of active tokens.
const userWith = `WITH ` + clockSQL

const clockSQL = `clock (today, now) AS (SELECT CAST(? AS TEXT), CAST(? AS BIGINT))`

func (t *tx) clockArgs() []any { return []any{t.today().String(), t.now.UnixMilli()} }

const userColumns = `u.id, u.kind, u.username, u.name, u.email, u.admin, u.auditor, u.external, u.blocked, u.created_at, u.active_on,
	coalesce(m.project_id, 0), coalesce(m.group_id, 0), (SELECT count(*) FROM keys k WHERE k.user_id = u.id),
	(SELECT count(*) FROM tokens t WHERE t.user_id = u.id AND t.kind = 'personal' AND t.revoked_at IS NULL AND t.expires_on > (SELECT today FROM clock)
		AND coalesce(t.replaced_until > (SELECT now FROM clock), TRUE))`

const userTables = `users u LEFT JOIN members m ON u.kind = 2 AND m.user_id = u.id`

func scanUser(scan func(...any) error, host string) (u model.User, err error) {
	var created, project, group int64
	var active sql.NullString
	err = scan(&u.ID, &u.Kind, &u.Username, &u.Name, &u.Email, &u.Admin, &u.Auditor, &u.External, &u.Blocked, &created, &active,
		&project, &group, &u.Keys, &u.Tokens)
	u.CreatedAt, u.LastActive, u.Place = time.UnixMilli(created).UTC(), dateOf(active), placeOf(project, group)
	if u.Kind == model.Bot {
		u.Email = model.BotEmail(u.Username, host)
	}
	return u, err
}

// user reads one user who isn't deleted.
func (t *tx) user(condition string, arg any) (u model.User, found bool, err error) {
	in, err := t.instance()
	if err != nil {
		return u, false, err
	}
	query := userWith + ` SELECT ` + userColumns + ` FROM ` + userTables + ` WHERE u.deleted_at IS NULL AND ` + condition
	err = t.rows(query, append(t.clockArgs(), arg), func(scan func(...any) error) (err error) {
		found = true
		u, err = scanUser(scan, in.host())
		return err
	})
	return u, found, err
}

// seesUser tells whether a user is there for the caller: people are for every
// known user, bots for those who see their place (A72).
func (t *tx) seesUser(c model.Caller, u model.User) (bool, error) {
	if u.Kind != model.Bot {
		return true, nil
	}
	p, err := t.findKind(u.Place.Kind, u.Place.Ref())
	if err != nil {
		return false, err
	}
	target, err := t.target(c, p)
	return model.Facts{Caller: c, Target: target}.Sees(), err
}

// User finds a user by number or, with id 0, by username.
func (db *DB) User(ctx context.Context, a model.Actor, id int64, username string) (u model.User, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		caller, err := t.onInstance(model.RESTUser, model.NoAction, "", about{})
		if err != nil {
			return err
		}
		condition, arg := `u.id = ?`, any(id)
		if id == 0 {
			condition, arg = `u.username = ?`, username
		}
		found := false
		if u, found, err = t.user(condition, arg); err != nil {
			return err
		}
		if found {
			found, err = t.seesUser(caller, u)
		}
		if err == nil && !found {
			err = model.NotFound("user")
		}
		return err
	})
	if err != nil {
		return model.User{}, err
	}
	return u, nil
}

// Users lists the users that the actor sees, the newest first (A72).
func (db *DB) Users(ctx context.Context, a model.Actor, asked model.UserQuery, p model.Page) (list model.List[model.User], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		caller, err := t.onInstance(model.RESTUser, model.NoAction, "", about{})
		if err != nil {
			return err
		}
		in, err := t.instance()
		if err != nil {
			return err
		}
		s := t.sight(caller)
		q := paged{with: s.with + `, ` + clockSQL, args: append(s.args, t.clockArgs()...), columns: userColumns,
			from: userTables + ` LEFT JOIN projects p ON p.id = m.project_id LEFT JOIN groups g ON g.id = m.group_id`,
			keys: []sortKey{{column: "u.id", descending: !asked.Ascending}}}
		q.where.and(`u.deleted_at IS NULL AND (u.kind <> 2 OR p.id IS NOT NULL AND ` + s.project + ` OR g.id IS NOT NULL AND ` + s.group + `)`)
		narrowUsers(&q.where, asked)
		list, err = page(t, p, q, func(scan func(...any) error) (model.User, []any, error) {
			u, err := scanUser(scan, in.host())
			return u, []any{u.ID}, err
		})
		return err
	})
	return list, err
}

// peopleSQL are the people, as an index knows them: there are as many bots as
// tokens.
const peopleSQL = `SELECT id FROM users WHERE kind = 1 AND deleted_at IS NULL`

// narrowUsers keeps those that are asked for (A72).
func narrowUsers(w *where, asked model.UserQuery) {
	switch {
	case asked.Kind == model.Human, asked.Admins, asked.Blocked, asked.WithoutBots && asked.WithoutGhost:
		w.and(`u.id IN (` + peopleSQL + `)`)
	case asked.WithoutBots:
		w.and(`u.id IN (` + peopleSQL + ` UNION ALL SELECT 2)`)
	}
	if asked.Kind != model.Nobody {
		w.and(`u.kind = ?`, int(asked.Kind))
	}
	searchUsers(w, asked.Search)
	if asked.Username != "" {
		w.and(`u.username = ?`, asked.Username)
	}
	for _, only := range []struct {
		asked     bool
		condition string
	}{
		{asked.Active, `NOT u.blocked`},
		{asked.Blocked, `u.blocked`},
		{asked.External, `u.external`},
		{asked.Admins, `u.admin`},
		{asked.WithoutGhost, `u.kind <> 3`},
	} {
		if only.asked {
			w.and(only.condition)
		}
	}
	if !asked.CreatedAfter.IsZero() {
		w.and(`u.created_at >= ?`, asked.CreatedAfter.UnixMilli())
	}
	if !asked.CreatedBefore.IsZero() {
		w.and(`u.created_at <= ?`, asked.CreatedBefore.UnixMilli())
	}
}

// searchUsers keeps those whose username or name holds a text, without case.
func searchUsers(w *where, search string) {
	if search != "" {
		w.holds(search, `u.username`, `u.name`)
	}
}

const seatsSQL = `SELECT count(*) FROM users WHERE kind = 1 AND deleted_at IS NULL AND NOT blocked`

// Seats counts active humans (R108).
func (db *DB) Seats(ctx context.Context, a model.Actor) (n int, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTRead, model.ReadInstance, "", about{}); err != nil {
			return err
		}
		seats, err := t.int(seatsSQL)
		n = int(seats)
		return err
	})
	return n, err
}

func aboutUser(u model.User) about { return about{kind: "user", id: u.ID, path: u.Username} }

const insertUserSQL = `INSERT INTO users (kind, username, name, email, admin, auditor, external, created_at) VALUES (1, ?, ?, ?, ?, ?, ?, ?)`

// AddUser adds a person with his keys (R5, R7, R33). What is taken is a
// conflict that names the address before the username (A74).
func (db *DB) AddUser(ctx context.Context, a model.Actor, n model.NewUser) (u model.User, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		on := about{kind: "user", path: n.Username}
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.UserCreated, on); err != nil {
			return err
		}
		asked, err := t.checkUser(n)
		if err != nil {
			return err
		}
		id, err := t.insert(insertUserSQL, asked.Username, asked.Name, asked.Email, asked.Admin, asked.Auditor, asked.External, t.now.UnixMilli())
		if err != nil {
			return err
		}
		on.id = id
		made := map[string]any{"name": asked.Name, "email": asked.Email, "admin": asked.Admin, "auditor": asked.Auditor, "external": asked.External}
		if err := t.record(model.UserCreated, on, made); err != nil {
			return err
		}
		for _, k := range asked.Keys {
			if _, err := t.addKey(id, asked.Username, k); err != nil {
				return err
			}
		}
		u, _, err = t.user(`u.id = ?`, id)
		return err
	})
	return u, err
}

const emailTakenSQL = `SELECT EXISTS (SELECT 1 FROM users WHERE kind = 1 AND deleted_at IS NULL AND email = ?)`

const usernameTakenSQL = `SELECT EXISTS (SELECT 1 FROM users WHERE (deleted_at IS NULL OR kind = 2) AND username = ?)`

// checkUser is the values of a new person, with the address filled in.
func (t *tx) checkUser(n model.NewUser) (model.NewUser, error) {
	in, err := t.instance()
	if err != nil {
		return n, err
	}
	if n.Email == "" {
		n.Email = n.Username + "@" + in.host()
	}
	var w wrong
	w.add("R7", "username", model.CheckUsername(n.Username))
	name, text := model.CleanName(n.Name, true)
	n.Name = name
	w.add("R50", "name", text)
	if len(w.fields) == 0 || n.Email != n.Username+"@"+in.host() { // one that was filled in is as wrong as the username
		w.add("R5", "email", model.CheckEmail(n.Email))
	}
	for _, k := range n.Keys {
		checkKey(&w, k)
	}
	if err := w.err(); err != nil {
		return n, err
	}
	if err := t.unused(emailTakenSQL, n.Email, "email", "Email has already been taken"); err != nil {
		return n, err
	}
	return n, t.unused(usernameTakenSQL, n.Username, "username", "Username has already been taken")
}

// unused refuses a value that somebody has already.
func (t *tx) unused(query, value, key, text string) error {
	taken, err := t.is(query, value)
	if err == nil && taken {
		err = model.Taken(key, text)
	}
	return err
}

const otherAdminsSQL = `SELECT count(*) FROM users WHERE kind = 1 AND admin AND NOT blocked AND deleted_at IS NULL AND id <> ?`

// aimUser finds the user whom somebody wants to change, and decides it.
func (t *tx) aimUser(id int64, action model.PersonAction, audited string) (u model.User, err error) {
	caller, err := t.caller()
	if err != nil {
		return u, err
	}
	u, found, err := t.user(`u.id = ?`, id)
	if err != nil {
		return u, err
	}
	person := model.Person{ID: id, Kind: u.Kind, Mine: id == caller.UserID}
	if u.Admin && !u.Blocked {
		others, err := t.int(otherAdminsSQL, id)
		if err != nil {
			return u, err
		}
		person.LastAdmin = others == 0
	}
	on := about{kind: "user", id: id, path: u.Username}
	f := model.Facts{Today: t.today(), Caller: caller, Access: t.access(model.RESTWrite)}
	if err := t.answer(model.DecidePerson(f, person, action), audited, on); err != nil {
		return u, err
	}
	if !found {
		return u, model.NotFound("user")
	}
	return u, nil
}

const updateUserSQL = `UPDATE users SET name = ?, email = ?, admin = ?, auditor = ?, external = ?, blocked = ? WHERE id = ?`

// ChangeUser changes a person (A75, A77, R153).
func (db *DB) ChangeUser(ctx context.Context, a model.Actor, id int64, c model.UserChange) (u model.User, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		action := model.EditPerson
		if c.Blocked != nil && *c.Blocked || c.Admin != nil && !*c.Admin {
			action = model.DisarmPerson
		}
		if u, err = t.aimUser(id, action, model.UserChanged); err != nil {
			return err
		}
		var w wrong
		if c.Name != nil {
			name, text := model.CleanName(*c.Name, true)
			w.add("R50", "name", text)
			c.Name = &name
		}
		if c.Email != nil {
			w.add("R5", "email", model.CheckEmail(*c.Email))
		}
		if err := w.err(); err != nil {
			return err
		}
		made := changes{}
		alter(made, "name", &u.Name, c.Name)
		alter(made, "email", &u.Email, c.Email)
		alter(made, "admin", &u.Admin, c.Admin)
		alter(made, "auditor", &u.Auditor, c.Auditor)
		alter(made, "external", &u.External, c.External)
		alter(made, "blocked", &u.Blocked, c.Blocked)
		if len(made) == 0 {
			return nil
		}
		err = t.exec(updateUserSQL, u.Name, u.Email, u.Admin, u.Auditor, u.External, u.Blocked, id)
		if t.db.engine.Taken(err) {
			return model.Taken("email", "Email has already been taken")
		}
		if err != nil {
			return err
		}
		return t.record(model.UserChanged, aboutUser(u), made)
	})
	return u, err
}

var removeUserSQL = []string{
	`DELETE FROM members WHERE user_id = ?`,
	`DELETE FROM keys WHERE user_id = ?`,
}

const endUserSQL = `UPDATE users SET deleted_at = ? WHERE id = ?`

// RemoveUser deletes a person: his tokens are revoked, his memberships and keys
// end, his records go to the ghost (R132). His row stays for the audit log.
func (db *DB) RemoveUser(ctx context.Context, a model.Actor, id int64) error {
	return db.changeLarge(ctx, a, func(t *tx) error {
		u, err := t.aimUser(id, model.DeletePerson, model.UserDeleted)
		if err != nil {
			return err
		}
		if err := t.revokePersonal(id); err != nil {
			return err
		}
		moved, err := t.moveRecords(id)
		if err != nil {
			return err
		}
		for _, query := range removeUserSQL {
			if err := t.exec(query, id); err != nil {
				return err
			}
		}
		if err := t.exec(endUserSQL, t.now.UnixMilli(), id); err != nil {
			return err
		}
		if err := t.record(model.UserDeleted, aboutUser(u), map[string]string{"name": u.Name}); err != nil {
			return err
		}
		return t.record(model.RecordsMoved, aboutUser(u), map[string]any{"records": moved, "to": "ghost"})
	})
}
