package cli

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"patrol/model"
)

var entryColumns = []column[model.Entry]{
	{"NO.", func(e model.Entry) string { return strconv.FormatInt(e.Number, 10) }},
	{"TIME", func(e model.Entry) string { return e.At.UTC().Format("2006-01-02 15:04:05") }},
	{"USER", entryUser},
	{"DOOR", func(e model.Entry) string { return string(e.Door) }},
	{"ADDRESS", func(e model.Entry) string { return e.Address }},
	{"ACTION", func(e model.Entry) string { return e.Action }},
	{"OUTCOME", entryOutcome},
	{"TARGET", model.Entry.Target},
	{"CHANGE", func(e model.Entry) string { return e.Change }},
}

// entryUser names both where somebody acted as another (R161).
func entryUser(e model.Entry) string {
	if e.As != "" {
		return e.User + " as " + e.As
	}
	return e.User
}

func entryOutcome(e model.Entry) string {
	text := outcome(e)
	if e.Rule != "" {
		text += " " + e.Rule
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" ×%d", e.Count)
	}
	return text
}

func (a *app) auditCommand() *cobra.Command {
	var verify, follow bool
	var since optionalID
	var expect [32]byte
	var limit int
	var user, project, group string
	var q model.AuditQuery
	c := a.leaf("audit", "The audit log, newest first; or whether anybody has tampered with it", cobra.NoArgs, func(s *session, _ []string) error {
		switch {
		case verify:
			return s.verifyAudit(expect)
		case expect != [32]byte{}:
			return usagef("--expect belongs to --verify")
		}
		if user != "" {
			u, err := s.user(user)
			if err != nil {
				return err
			}
			q.UserID = u.ID
		}
		q.In = placeFlags(project, group)
		q.Since = since.value
		if follow {
			return s.followAudit(q)
		}
		return printList(s, limit, entryColumns, func(e model.Entry) any { return shapeEntry(e) },
			func(p model.Page) (model.List[model.Entry], error) { return s.store.Entries(s.ctx, s.actor, q, p) })
	})
	f := c.Flags()
	f.BoolVar(&verify, "verify", false, "check the hash chain from the first entry to the last")
	f.BoolVar(&follow, "follow", false, "go on as entries come, oldest first, until interrupted; with --json an object a line")
	f.Var(&since, "since", "only entries behind this number, oldest first")
	f.Var(valueFlag[[32]byte]{&expect, parseHash, "hash"}, "expect", "with --verify: this hash, noted before, must be that of an entry still there")
	f.Var(valueFlag[time.Time]{&q.After, parseTime, "time"}, "after", "only entries at this time or later: 2026-11-24 or 2026-11-24T10:00:00Z")
	f.Var(valueFlag[time.Time]{&q.Before, parseTime, "time"}, "before", "only entries before this time")
	f.Var(valueFlag[int]{&limit, parseLimit, "number"}, "limit", "at most so many entries (all)")
	f.Var(valueFlag[int64]{&q.TokenID, func(s string) (int64, error) { return parseNumber("token", s) }, "id"}, "token", "only entries about this token, or made with it")
	f.StringVar(&q.Action, "action", "", "only this action, such as "+model.TokenCreated)
	completeFlag(c, "expect")
	completeFlag(c, "after")
	completeFlag(c, "before")
	a.placeFlag(c, "user", &user, "only what this user did", usernames)
	a.placeFlag(c, "project", &project, "only entries about this project", projectPaths)
	a.placeFlag(c, "group", &group, "only entries about this group and what is in it", groupPaths)
	return exclude(c, "project", "group")
}

// optionalID is a number that may be 0, or not given.
type optionalID struct{ value *int64 }

func (o *optionalID) String() string { return "" }
func (o *optionalID) Type() string   { return "number" }

func (o *optionalID) Set(text string) error {
	n, ok := model.ParseID(text)
	if !ok && text != "0" {
		return fmt.Errorf("must be the number of an entry")
	}
	o.value = &n
	return nil
}

// followEvery is how soon an entry is printed once it is there.
const followEvery = 300 * time.Millisecond

// followAudit prints entries as they come, from the one given or from now on. It
// asks for them whenever anything has changed, by whatever process.
func (s *session) followAudit(q model.AuditQuery) error {
	if q.Since == nil {
		last, err := s.store.Entries(s.ctx, s.actor, model.AuditQuery{}, model.Page{Limit: 1})
		if err != nil {
			return err
		}
		q.Since = new(int64)
		if len(last.Rows) > 0 {
			*q.Since = last.Rows[0].Number
		}
	}
	w := bufio.NewWriter(s.out)
	print := tablePrinter(w, entryColumns)
	if s.json {
		print = func(rows []model.Entry, _ bool) {
			for _, e := range rows {
				fmt.Fprintln(w, jsonText(shapeEntry(e)))
			}
		}
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for known := uint64(0); ; {
		version, err := s.store.Version() // before the entries are read
		for more := err == nil && version != known; more; {
			var list model.List[model.Entry]
			if list, err = s.store.Entries(s.ctx, s.actor, q, model.Page{Limit: model.MaxPage}); err != nil {
				break
			}
			for _, e := range list.Rows {
				q.Since = &e.Number
			}
			print(list.Rows, list.Next == "")
			if err = w.Flush(); err != nil {
				break
			}
			more, known = list.Next != "", version
		}
		if err != nil && s.ctx.Err() == nil && !errors.Is(err, model.ErrBusy) {
			return err
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func parseLimit(s string) (int, error) {
	n, ok := model.ParseID(s)
	if !ok {
		return 0, fmt.Errorf("must be a number above 0")
	}
	return int(n), nil
}

func parseHash(s string) (hash [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(hash) {
		return hash, errors.New("a hash has 64 digits from 0 to f: the head that --verify has printed")
	}
	return [32]byte(b), nil
}

// parseTime reads a time, or a date: its 00:00 UTC.
func parseTime(s string) (time.Time, error) {
	if d, err := model.ParseDate(s); err == nil {
		return d.Time(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q is not a time: write 2026-11-24 or 2026-11-24T10:00:00Z", s)
	}
	return t, nil
}

// verifyAudit tells whether the hash chain holds, and whether it still has the
// entry with an expected hash; if not, that is a failure (R163).
func (s *session) verifyAudit(expect [32]byte) error {
	report, err := s.store.VerifyAudit(s.ctx, s.actor)
	if err != nil {
		return err
	}
	if report.Broken == 0 && expect != [32]byte{} {
		found, err := s.store.Entries(s.ctx, s.actor, model.AuditQuery{Hash: expect}, model.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			report.Broken, report.Problem = report.Entries+1, fmt.Sprintf("no entry has the expected hash %x", expect)
		}
	}
	head := hex.EncodeToString(report.Head[:])
	shape := struct {
		Entries int64   `json:"entries"`
		Head    string  `json:"head"`
		Broken  *int64  `json:"broken"` // number of the first entry that doesn't fit
		Problem *string `json:"problem"`
	}{report.Entries, head, orNull(report.Broken), orNull(report.Problem)}
	if report.Broken == 0 {
		return s.printDone(shape, "%d entries, each in its place; the head is %s", report.Entries, head)
	}
	if s.json {
		if err := s.printObject(shape); err != nil {
			return err
		}
	}
	return fmt.Errorf("the audit log was tampered with, or is damaged: %s", report.Problem)
}
