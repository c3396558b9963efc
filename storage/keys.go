package storage

import (
	"context"
	"strings"
	"time"

	"patrol/model"
)

// checkKey is the values of a key, as far as its form wasn't the door's to read.
func checkKey(w *wrong, k model.NewKey) {
	_, text := model.CleanName(k.Title, true)
	w.add("R50", "title", text)
	if !strings.HasPrefix(k.Fingerprint, "SHA256:") || k.Line == "" || strings.ContainsAny(k.Line, "\r\n") {
		w.add("R5", "key", "is invalid")
	}
}

// AddKey adds a public SSH key to a person: his own, or as an administrator
// (R33, R109).
func (db *DB) AddKey(ctx context.Context, a model.Actor, userID int64, k model.NewKey) (key model.Key, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		u, err := t.aimUser(userID, model.EditKeys, model.KeyAdded)
		if err != nil {
			return err
		}
		var w wrong
		checkKey(&w, k)
		if err := w.err(); err != nil {
			return err
		}
		key, err = t.addKey(userID, u.Username, k)
		return err
	})
	return key, err
}

const insertKeySQL = `INSERT INTO keys (user_id, title, fingerprint, line, added_at) VALUES (?, ?, ?, ?, ?)`

func (t *tx) addKey(user int64, username string, k model.NewKey) (key model.Key, err error) {
	key = model.Key{Title: strings.TrimSpace(k.Title), Fingerprint: k.Fingerprint, AddedAt: t.now}
	key.ID, err = t.insert(insertKeySQL, user, key.Title, k.Fingerprint, k.Line, t.now.UnixMilli())
	if t.db.engine.Taken(err) {
		return key, model.Taken("fingerprint", "The key "+k.Fingerprint+" has already been taken")
	}
	if err != nil {
		return key, err
	}
	return key, t.record(model.KeyAdded, about{kind: "key", id: key.ID, path: username},
		map[string]string{"title": key.Title, "fingerprint": key.Fingerprint})
}

const keysSQL = `SELECT id, title, fingerprint, added_at FROM keys WHERE user_id = ? ORDER BY id`

// Keys lists a person's keys, for himself and for administrators.
func (db *DB) Keys(ctx context.Context, a model.Actor, userID int64) (list []model.Key, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if _, err := t.aimUser(userID, model.EditKeys, ""); err != nil {
			return err
		}
		return t.rows(keysSQL, []any{userID}, func(scan func(...any) error) error {
			var k model.Key
			var added int64
			err := scan(&k.ID, &k.Title, &k.Fingerprint, &added)
			k.AddedAt = time.UnixMilli(added).UTC()
			list = append(list, k)
			return err
		})
	})
	return list, err
}

const keySQL = `SELECT title, fingerprint FROM keys WHERE id = ? AND user_id = ?`

const removeKeySQL = `DELETE FROM keys WHERE id = ?`

// RemoveKey removes a person's key: his own, or as an administrator.
func (db *DB) RemoveKey(ctx context.Context, a model.Actor, userID, keyID int64) error {
	return db.change(ctx, a, func(t *tx) error {
		u, err := t.aimUser(userID, model.EditKeys, model.KeyRemoved)
		if err != nil {
			return err
		}
		var title, fingerprint string
		found, err := t.row(keySQL, []any{keyID, userID}, &title, &fingerprint)
		if err != nil {
			return err
		}
		if !found {
			return model.NotFound("key")
		}
		if err := t.exec(removeKeySQL, keyID); err != nil {
			return err
		}
		return t.record(model.KeyRemoved, about{kind: "key", id: keyID, path: u.Username},
			map[string]string{"title": title, "fingerprint": fingerprint})
	})
}
