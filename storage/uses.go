package storage

import (
	"time"

	"patrol/model"
)

// How often a use is written (R95).
const (
	useEvery     = 10 * time.Minute   // last_used_at, per token
	addressEvery = time.Minute        // an address's time, per token
	addressKept  = 7 * 24 * time.Hour // after it was last seen
	addresses    = 5
)

type use struct {
	at      time.Time
	address string
}

// Used notes that a door let a request with the token through.
func (db *DB) Used(tokenID int64, door model.Door, address string) {
	if !db.readOnly {
		db.traffic.use(tokenID, door, use{db.Now(), address})
	}
}

const usedSQL = `UPDATE tokens SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at <= CAST(?1 AS BIGINT) - CAST(?3 AS BIGINT))`

const userActiveSQL = `UPDATE users SET active_on = ?1 WHERE id = (SELECT user_id FROM tokens WHERE id = ?2) AND (active_on IS NULL OR active_on < ?1)`

const seenSQL = `INSERT INTO token_addresses (token_id, address, seen_at) SELECT id, CAST(?2 AS TEXT), CAST(?3 AS BIGINT) FROM tokens WHERE id = ?1
	ON CONFLICT (token_id, address) DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at >= token_addresses.seen_at + CAST(?4 AS BIGINT)`

const dropAddressesSQL = `DELETE FROM token_addresses WHERE token_id = ?1 AND (seen_at <= ?2 OR address NOT IN
	(SELECT address FROM token_addresses WHERE token_id = ?1 ORDER BY seen_at DESC LIMIT ?3))`

func (t *tx) used(token int64, list []use) error {
	if len(list) == 0 {
		return nil
	}
	for _, n := range list {
		at := n.at.UnixMilli()
		if err := t.exec(usedSQL, at, token, useEvery.Milliseconds()); err != nil {
			return err
		}
		if err := t.exec(userActiveSQL, model.DateOf(n.at).String(), token); err != nil {
			return err
		}
		if n.address == "" {
			continue
		}
		if err := t.exec(seenSQL, token, n.address, at, addressEvery.Milliseconds()); err != nil {
			return err
		}
	}
	return t.exec(dropAddressesSQL, token, t.now.Add(-addressKept).UnixMilli(), addresses)
}
