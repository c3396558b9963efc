package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"patrol/model"
)

// chain is the audit log's end while a transaction writes to it, and the
// settings that its use cases share.
type chain struct {
	known    bool
	stored   int64 // the number in the table chain_end
	number   int64
	hash     [32]byte
	instance *instance
}

// about is what an audit entry is about: the thing aimed at, and the place
// whose people may read the entry (R164).
type about struct {
	kind  string // "token", "user", "project", "group", "setting", "feature", "key"
	id    int64
	path  string
	place model.Place
}

// record appends the audit entry of a change (R160). what changed is a struct
// or map, written as JSON; nil: nothing to say.
func (t *tx) record(action string, on about, change any) error {
	e, err := t.entry(action, on)
	if err != nil {
		return err
	}
	if change != nil {
		text, err := json.Marshal(change)
		if err != nil {
			return err
		}
		e.Change = string(text)
	}
	return t.append(e, on.place)
}

// decide asks the policy. A refusal of a management action on something that
// the actor knows of is audited with the deciding rule (R160), although the use
// case itself is rolled back.
func (t *tx) decide(f model.Facts, action string, on about) error {
	return t.answer(model.Decide(f), action, on)
}

// answer is decide for a decision that was made already. Without an action it is
// no management action.
func (t *tx) answer(d model.Decision, action string, on about) error {
	if d.Allowed {
		return nil
	}
	if t.chain != nil && d.Kind == model.ErrDenied && action != "" {
		if err := t.refuse(d.Rule, action, on); err != nil {
			return err
		}
	}
	return d.Err()
}

// refuse fills in the entry of a refusal, to be written once the use case is
// rolled back.
func (t *tx) refuse(rule, action string, on about) error {
	e, err := t.entry(action, on)
	if err != nil {
		return err
	}
	e.Refused, e.Rule = true, rule
	t.refused, t.refusedPlace = e, on.place
	return nil
}

// entry fills in who, when and where.
func (t *tx) entry(action string, on about) (*model.Entry, error) {
	e := &model.Entry{
		At: t.now, UserID: t.actor.UserID, AsID: t.actor.AsID, TokenID: t.actor.TokenID,
		Door: t.actor.Door, Address: t.actor.Address, Action: action,
		TargetKind: on.kind, TargetID: on.id, TargetPath: on.path,
	}
	var err error
	if e.User, err = t.username(e.UserID); err == nil && e.AsID != 0 {
		e.As, err = t.username(e.AsID)
	}
	return e, err
}

const usernameSQL = `SELECT username FROM users WHERE id = ?`

func (t *tx) username(id int64) (name string, err error) {
	if id == t.self.ID { // also 0: nobody
		return t.self.Username, nil
	}
	_, err = t.row(usernameSQL, []any{id}, &name)
	return name, err
}

const (
	chainEndSQL    = `SELECT number, hash FROM chain_end`
	setChainEndSQL = `UPDATE chain_end SET number = ?, hash = ?`
)

func (t *tx) chainEnd() error {
	if t.chain.known {
		return nil
	}
	var hash []byte
	if _, err := t.row(chainEndSQL, nil, &t.chain.number, &hash); err != nil {
		return err
	}
	copy(t.chain.hash[:], hash) // 32 zero bytes before the first entry (R163)
	t.chain.known, t.chain.stored = true, t.chain.number
	return nil
}

// commit ends a transaction, with the chain's end as its entries have made it.
func (c *conn) commit(ctx context.Context, end *chain) error {
	if end.number != end.stored {
		if err := c.exec(ctx, setChainEndSQL, end.number, end.hash[:]); err != nil {
			return err
		}
	}
	return c.exec(ctx, "COMMIT")
}

const insertEntry = `INSERT INTO audit (number, at, user_id, "user", as_id, as_user, token_id, door, address, action,
	target_kind, target_id, target_path, project_id, group_id, change, refused, rule, previous, hash)`

const insertEntrySQL = insertEntry + ` VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (t *tx) append(e *model.Entry, place model.Place) error {
	if err := t.chainEnd(); err != nil {
		return err
	}
	return t.exec(insertEntrySQL, t.chain.link(e, place)...)
}

// link makes an entry the chain's new end and gives its columns.
func (c *chain) link(e *model.Entry, place model.Place) []any {
	e.Number, e.Previous = c.number+1, c.hash
	project, group := placeColumns(place)
	e.Hash = entryHash(e, project, group)
	c.number, c.hash = e.Number, e.Hash
	return []any{e.Number, e.At.UnixMilli(), e.UserID, e.User, e.AsID, e.As, e.TokenID, string(e.Door), e.Address,
		e.Action, e.TargetKind, e.TargetID, e.TargetPath, project, group, e.Change, e.Refused, e.Rule, e.Previous[:], e.Hash[:]}
}

func placeColumns(p model.Place) (project, group int64) {
	switch p.Kind {
	case model.ProjectPlace:
		return p.ID, 0
	case model.GroupPlace:
		return 0, p.ID
	}
	return 0, 0
}

// entryHash is the SHA-256 of the hash before and of all columns as a JSON
// array, in the table's order.
func entryHash(e *model.Entry, project, group int64) [32]byte {
	text, err := json.Marshal([]any{e.Number, e.At.UnixMilli(), e.UserID, e.User, e.AsID, e.As, e.TokenID, e.Door, e.Address,
		e.Action, e.TargetKind, e.TargetID, e.TargetPath, project, group, e.Change, e.Refused, e.Rule})
	if err != nil {
		panic(err) // numbers and texts only
	}
	return sha256.Sum256(append(e.Previous[:], text...))
}

const equalRefusalSQL = `SELECT number FROM audit WHERE number > ? - 1000 AND at > ? AND at < ? AND refused AND user_id = ? AND as_id = ?
	AND token_id = ? AND action = ? AND target_kind = ? AND target_id = ? AND target_path = ? AND rule = ?
	ORDER BY number DESC LIMIT 1`

const repeatSQL = `INSERT INTO audit_repeats (number, times) VALUES (?, 2) ON CONFLICT (number) DO UPDATE SET times = audit_repeats.times + 1`

// appendRefusal writes the entry of a refusal, or counts it with an equal one
// of the last minute: nobody fills the disk by asking (R160).
func (t *tx) appendRefusal(e *model.Entry) error {
	if err := t.chainEnd(); err != nil {
		return err
	}
	var number int64
	before, after := e.At.Add(-time.Minute), e.At.Add(time.Minute) // after: the clock may have been put back
	found, err := t.row(equalRefusalSQL, []any{t.chain.number, before.UnixMilli(), after.UnixMilli(), e.UserID, e.AsID, e.TokenID,
		e.Action, e.TargetKind, e.TargetID, e.TargetPath, e.Rule}, &number)
	if err != nil {
		return err
	}
	if found {
		return t.exec(repeatSQL, number)
	}
	return t.append(e, t.refusedPlace)
}

const entryColumns = `a.number, a.at, a.user_id, a."user", a.as_id, a.as_user, a.token_id, a.door, a.address, a.action,
	a.target_kind, a.target_id, a.target_path, a.project_id, a.group_id, a.change, a.refused, a.rule, a.previous, a.hash`

func scanEntry(scan func(...any) error, more ...any) (e model.Entry, project, group int64, err error) {
	var at int64
	var previous, hash []byte
	err = scan(append([]any{&e.Number, &at, &e.UserID, &e.User, &e.AsID, &e.As, &e.TokenID, &e.Door, &e.Address, &e.Action,
		&e.TargetKind, &e.TargetID, &e.TargetPath, &project, &group, &e.Change, &e.Refused, &e.Rule, &previous, &hash}, more...)...)
	e.At = time.UnixMilli(at).UTC()
	copy(e.Previous[:], previous)
	copy(e.Hash[:], hash)
	return e, project, group, err
}

// Entries lists the audit log, newest first, as far as R164 lets the actor see.
func (db *DB) Entries(ctx context.Context, a model.Actor, q model.AuditQuery, p model.Page) (list model.List[model.Entry], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		where, err := t.auditWhere(q)
		if err != nil {
			return err
		}
		list, err = page(t, p, paged{
			columns: entryColumns + `, coalesce(r.times, 1)`,
			from:    `audit a LEFT JOIN audit_repeats r ON r.number = a.number`,
			where:   where,
			keys:    []sortKey{{column: "a.number", descending: q.Since == nil}},
		}, func(scan func(...any) error) (model.Entry, []any, error) {
			var count int
			e, _, _, err := scanEntry(scan, &count)
			e.Count = count
			return e, []any{e.Number}, err
		})
		return err
	})
	return list, err
}

func (t *tx) auditWhere(q model.AuditQuery) (w where, err error) {
	caller, err := t.caller()
	if err != nil {
		return w, err
	}
	f := model.Facts{Today: t.today(), Caller: caller, Access: t.access(model.RESTRead), Action: model.ReadAudit}
	if q.In != (model.Ref{}) {
		in, err := t.findPlace(q.In)
		if err != nil {
			return w, err
		}
		if f.Target, err = t.target(caller, in); err != nil {
			return w, err
		}
		switch in.Kind {
		case model.ProjectPlace:
			w.and(`a.project_id > 0 AND a.project_id = ?`, in.ID) // as an index knows them
		case model.GroupPlace:
			w.and(`a.number IN (`+entriesInSQL+`)`, in.ID, in.ID)
		}
	}
	if err := model.Decide(f).Err(); err != nil {
		return w, err
	}
	if q.Since != nil {
		w.and(`a.number > ?`, *q.Since)
	}
	if q.UserID != 0 {
		w.and(`a.user_id = ?`, q.UserID)
	}
	if q.TokenID != 0 {
		w.and(`(`+byTokenSQL+` OR a.target_kind = 'token' AND a.target_id = ?)`, q.TokenID, q.TokenID)
	}
	if q.Action != "" {
		w.and(`a.action = ?`, q.Action)
	}
	if !q.After.IsZero() {
		w.and(`a.at >= ?`, q.After.UnixMilli())
	}
	if !q.Before.IsZero() {
		w.and(`a.at < ?`, q.Before.UnixMilli())
	}
	if q.Hash != [32]byte{} {
		w.and(`a.hash = ?`, q.Hash[:])
	}
	return w, nil
}

// entriesInSQL are the entries about a group and all that is in it, as two indexes
// know them.
const entriesInSQL = `SELECT number FROM audit WHERE group_id > 0 AND group_id IN (` + belowSQL + `)
	UNION ALL SELECT number FROM audit WHERE project_id > 0 AND project_id IN (` + projectsInSQL + `)`

// byTokenSQL is what was done with a token, as an index knows it.
const byTokenSQL = `a.token_id > 0 AND a.token_id = ?`

const nextEntriesSQL = `SELECT ` + entryColumns + ` FROM audit a WHERE a.number > ? ORDER BY a.number LIMIT ?`

// verifyBatch is how many entries are verified on one snapshot.
const verifyBatch = 10_000

// VerifyAudit walks the whole chain from its 32 zero bytes and names the first
// entry that doesn't fit (R163).
func (db *DB) VerifyAudit(ctx context.Context, a model.Actor) (report model.AuditReport, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		_, err := t.auditWhere(model.AuditQuery{})
		return err
	})
	if err != nil {
		return report, err
	}
	return db.verify(ctx)
}

// verify goes a part at a time: what was verified doesn't change any more, and a
// long snapshot would hold up the write-ahead log.
func (db *DB) verify(ctx context.Context) (r model.AuditReport, err error) {
	for more := true; more && err == nil; {
		err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) (err error) {
			more, err = t.verifyNext(&r)
			return err
		})
	}
	return r, err
}

// verifyNext goes on with a report, and tells whether there may be more.
func (t *tx) verifyNext(r *model.AuditReport) (more bool, err error) {
	seen := 0
	err = t.rows(nextEntriesSQL, []any{r.Entries, verifyBatch}, func(scan func(...any) error) error {
		if seen++; r.Broken != 0 {
			return nil
		}
		e, project, group, err := scanEntry(scan)
		if err != nil {
			return err
		}
		switch {
		case e.Number != r.Entries+1:
			r.Broken, r.Problem = r.Entries+1, fmt.Sprintf("entry %d is missing", r.Entries+1)
		case e.Previous != r.Head:
			r.Broken, r.Problem = e.Number, fmt.Sprintf("entry %d doesn't follow the one before: expected %x, found %x", e.Number, r.Head[:4], e.Previous[:4])
		case !bytes.Equal(hashOf(&e, project, group), e.Hash[:]):
			r.Broken, r.Problem = e.Number, fmt.Sprintf("entry %d was changed: its hash doesn't fit", e.Number)
		default:
			r.Entries, r.Head = e.Number, e.Hash
		}
		return nil
	})
	if err != nil || r.Broken != 0 || seen == verifyBatch {
		return err == nil && r.Broken == 0, err
	}
	var reached int64
	var hash []byte
	if _, err := t.row(chainEndSQL, nil, &reached, &hash); err != nil {
		return false, err
	}
	switch {
	case reached > r.Entries:
		r.Broken, r.Problem = r.Entries+1, fmt.Sprintf("entry %d is missing: the log once reached %d", r.Entries+1, reached)
	case !bytes.Equal(hash, r.Head[:]):
		r.Broken, r.Problem = r.Entries, fmt.Sprintf("entry %d isn't the one that the log ended with", r.Entries)
	}
	return false, nil
}

func hashOf(e *model.Entry, project, group int64) []byte {
	h := entryHash(e, project, group)
	return h[:]
}
