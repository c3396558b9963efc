package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"hash/maphash"
	"time"

	"patrol/model"
)

// lookup finds whose secrets are, and what refusals request ids belong to, many
// at a time. What it remembers grows with what it finds, not with what it is
// asked.
type lookup struct {
	db    *DB
	ctx   context.Context
	actor model.Actor

	tokens   map[model.Digest]int64 // by secret
	times    map[int64]int          // how often each stood there, by token
	refusals map[string]*model.Hit  // by request id

	digests  []model.Digest // yet to be looked up
	requests []string
	secrets  sieve
	ids      sieve
	seed     maphash.Seed
}

func newLookup(ctx context.Context, db *DB, a model.Actor) *lookup {
	return &lookup{db: db, ctx: ctx, actor: a, tokens: map[model.Digest]int64{}, times: map[int64]int{},
		refusals: map[string]*model.Hit{}, seed: maphash.MakeSeed()}
}

// lookupBatch is how many are looked up with one statement.
const lookupBatch = 256

// secret takes a text that may be a secret.
func (l *lookup) secret(text []byte) error {
	_, _, err := l.may(text)
	return err
}

// may is secret, and tells whether the text may still turn out to be one, by
// its digest.
func (l *lookup) may(text []byte) (digest model.Digest, may bool, err error) {
	digest = sha256.Sum256(text)
	if id := l.tokens[digest]; id != 0 {
		l.times[id]++
		return digest, true, nil
	}
	if !l.secrets.may(digestKey(digest[:])) {
		return digest, false, nil
	}
	if l.digests = append(l.digests, digest); len(l.digests) < lookupBatch {
		return digest, true, nil
	}
	return digest, true, l.flushDigests()
}

// request takes a text that may be a request id.
func (l *lookup) request(id []byte) error {
	if hit := l.refusals[string(id)]; hit != nil {
		hit.Times++
		return nil
	}
	if !l.ids.may(maphash.Bytes(l.seed, id)) {
		return nil
	}
	if l.requests = append(l.requests, string(id)); len(l.requests) < lookupBatch {
		return nil
	}
	return l.flushRequests()
}

// flush looks up what is left.
func (l *lookup) flush() error {
	if err := l.flushDigests(); err != nil {
		return err
	}
	return l.flushRequests()
}

var digestsSQL = `SELECT digest, id FROM tokens WHERE digest IN (` + marks(lookupBatch) + `)`

func (l *lookup) flushDigests() error {
	args := make([]any, lookupBatch) // NULL, which equals nothing, for those too few
	for i := range l.digests {
		args[i] = l.digests[i][:]
	}
	err := l.db.view(l.ctx, l.actor, func(t *tx) error {
		err := t.rows(digestsSQL, args, func(scan func(...any) error) error {
			var digest sql.RawBytes
			var id int64
			if err := scan(&digest, &id); err != nil {
				return err
			}
			l.tokens[model.Digest(digest)] = id
			return nil
		})
		if err != nil {
			return err
		}
		return l.secrets.fill(t, tokenCountSQL, allDigestsSQL, digestKey)
	})
	for _, digest := range l.digests {
		if id := l.tokens[digest]; id != 0 {
			l.times[id]++
		}
	}
	l.digests = l.digests[:0]
	return err
}

var requestsSQL = `SELECT request_id, token_id, door, asked, rule, reason, first_at, last_at, count, address FROM refusals
	WHERE request_id IN (` + marks(lookupBatch) + `)`

func (l *lookup) flushRequests() error {
	args := make([]any, lookupBatch)
	for i, id := range l.requests {
		args[i] = id
	}
	err := l.db.view(l.ctx, l.actor, func(t *tx) error {
		err := t.rows(requestsSQL, args, func(scan func(...any) error) error {
			r := &model.Refusal{}
			var first, last int64
			err := scan(&r.RequestID, &r.TokenID, &r.Door, &r.Asked, &r.Rule, &r.Text, &first, &last, &r.Count, &r.Address)
			r.First, r.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
			l.refusals[r.RequestID] = &model.Hit{Refusal: r}
			return err
		})
		if err != nil {
			return err
		}
		return l.ids.fill(t, refusalCountSQL, allRequestsSQL, func(id []byte) uint64 { return maphash.Bytes(l.seed, id) })
	})
	for _, id := range l.requests {
		if hit := l.refusals[id]; hit != nil {
			hit.Times++
		}
	}
	l.requests = l.requests[:0]
	return err
}

const (
	tokenCountSQL   = `SELECT coalesce(max(id), 0) FROM tokens`
	allDigestsSQL   = `SELECT digest FROM tokens`
	refusalCountSQL = `SELECT count(*) FROM refusals`
	allRequestsSQL  = `SELECT request_id FROM refusals`
)

// sieve keeps from the database nearly all that isn't there: a Bloom filter with
// three bits for each key, all in one word, and a word for two rows. It fills
// itself once that is worth reading the rows; until then it lets everything
// through.
type sieve struct {
	asked int // batches
	words []uint64
}

// sieveAfter is how many batches are looked up without a sieve.
const sieveAfter = 40

func (s *sieve) fill(t *tx, countSQL, allSQL string, key func([]byte) uint64) error {
	if s.asked++; s.asked != sieveAfter {
		return nil
	}
	rows, err := t.int(countSQL)
	if err != nil {
		return err
	}
	size := 1 << 10
	for int64(size) < rows/2 {
		size *= 2
	}
	filled := sieve{sieveAfter, make([]uint64, size)}
	err = t.rows(allSQL, nil, func(scan func(...any) error) error {
		var text sql.RawBytes
		if err := scan(&text); err != nil {
			return err
		}
		word, bits := filled.spot(key(text))
		*word |= bits
		return nil
	})
	if err == nil {
		*s = filled
	}
	return err
}

// may tells whether there may be such a row.
func (s *sieve) may(key uint64) bool {
	if s.words == nil {
		return true
	}
	word, bits := s.spot(key)
	return *word&bits == bits
}

func (s *sieve) spot(key uint64) (word *uint64, bits uint64) {
	return &s.words[key>>18&uint64(len(s.words)-1)], 1<<(key&63) | 1<<(key>>6&63) | 1<<(key>>12&63)
}

func digestKey(digest []byte) uint64 { return binary.LittleEndian.Uint64(digest) }
