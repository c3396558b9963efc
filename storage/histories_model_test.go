package storage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"patrol/model"
)

// The plain model: what must be in the store, written from the rules with maps
// and pointers, and asked of nothing but itself.

type world struct {
	t      *testing.T
	db     *DB
	clock  *testClock
	random *rand.Rand
	told   []string

	people   []*person
	spots    []*spot
	tokens   []*secret
	records  []*record
	roles    map[seat]post // of people; a bot's is in robot
	settings map[string]string
	flag     *bool // global (R71)
	named    int   // how many names were given
}

type person struct {
	model.User
	gone bool
}

type spot struct { // a group or project
	model.Place
	up         *spot
	name       string
	visibility model.Visibility
	flag       *bool // a project's own (R71)
	plan       model.Plan
	closed     bool // the switch is off (R75)
	gone       bool
}

type robot struct {
	id       int64
	home     *spot
	role     model.Role
	external bool
	idle     *time.Time // since when it has had no live token, while it is kept (R121)
	gone     bool
}

type secret struct {
	text    model.Secret
	id      int64
	kind    model.TokenKind
	bot     *robot  // of a project or group token
	owner   *person // of a personal one
	name    string
	scopes  model.Scopes
	made    time.Time
	expires model.Date
	family  int64
	revoked bool
	by      int64 // its successor, while or after an overlap (R69)
	until   time.Time
}

type record struct {
	kind   string
	id     int64
	at     *spot
	author int64
}

type seat struct {
	user int64
	at   *spot
}

type post struct {
	role model.Role
	ends model.Date
}

// who acts: a person, a token, or nobody.
type who struct {
	person *person
	token  *secret
}

func (w *world) today() model.Date { return model.DateOf(w.clock.at) }

func (s *spot) path() string {
	if s.up == nil {
		return s.name
	}
	return s.up.path() + "/" + s.name
}

func (s *spot) top() *spot {
	for s.up != nil {
		s = s.up
	}
	return s
}

func (s *spot) in(group *spot) bool {
	for ; s != nil; s = s.up {
		if s == group {
			return true
		}
	}
	return false
}

func (k *secret) user() int64 {
	if k.bot != nil {
		return k.bot.id
	}
	return k.owner.ID
}

func (k *secret) home() *spot {
	if k.bot != nil {
		return k.bot.home
	}
	return nil
}

// gone tells whether its bot or owner is (R120, R132).
func (k *secret) gone() bool { return k.bot != nil && k.bot.gone || k.owner != nil && k.owner.gone }

// dead is revoked, or replaced with the overlap over (R69, R92).
func (w *world) dead(k *secret) bool {
	return k.revoked || !k.until.IsZero() && !w.clock.at.Before(k.until)
}

// state is what a door says of a secret (R91, R92, R93, R153).
func (w *world) state(k *secret) string {
	switch {
	case k.expires <= w.today():
		return "R91"
	case w.dead(k):
		return "R92"
	case k.owner != nil && k.owner.Blocked:
		return "R153"
	}
	return ""
}

// revoke is R94 and R120 with R69's predecessors: all of the family before it.
func (w *world) revoke(k *secret) {
	if k.revoked {
		return
	}
	k.revoked = true
	for _, old := range w.tokens {
		if old.family == k.family && old.id < k.id {
			old.revoked = true
		}
	}
	w.endBot(k.bot)
}

// endBot is R120 and R121, after one of a bot's tokens was revoked.
func (w *world) endBot(bot *robot) {
	if bot == nil || bot.gone {
		return
	}
	if w.lives(bot) {
		return
	}
	if w.number(model.SettingBotRetention) == 0 {
		w.deleteBot(bot)
	} else {
		now := w.clock.at
		bot.idle = &now
	}
}

// lives tells whether a bot has a token that isn't revoked.
func (w *world) lives(bot *robot) bool {
	return slices.ContainsFunc(w.tokens, func(k *secret) bool { return k.bot == bot && !k.revoked })
}

func (w *world) deleteBot(bot *robot) {
	bot.gone = true
	for _, k := range w.tokens {
		k.revoked = k.revoked || k.bot == bot
	}
	w.toGhost(bot.id)
}

func (w *world) toGhost(user int64) {
	for _, r := range w.records {
		if r.author == user {
			r.author = model.GhostID
		}
	}
}

// leave takes a place away with all that is in it (R115).
func (w *world) leave(at *spot) {
	for _, k := range w.tokens {
		if k.bot != nil && !k.bot.gone && k.bot.home.in(at) {
			w.deleteBot(k.bot)
		}
	}
	for _, s := range w.spots {
		s.gone = s.gone || s.in(at)
	}
}

// robots are the bots that live.
func (w *world) robots() map[int64]*robot {
	list := map[int64]*robot{}
	for _, k := range w.tokens {
		if k.bot != nil && !k.bot.gone {
			list[k.bot.id] = k.bot
		}
	}
	return list
}

func (w *world) number(key string) int {
	in := instance{settings: w.settings}
	return in.number(key)
}

// role is the effective role by memberships (R8, R10).
func (w *world) role(user int64, at *spot) (best model.Role) {
	if bot := w.robots()[user]; bot != nil && at.in(bot.home) {
		best = bot.role
	}
	for ; at != nil; at = at.up {
		if g := w.roles[seat{user, at}]; g.ends == 0 || g.ends > w.today() {
			best = max(best, g.role)
		}
	}
	return best
}

// inside tells whether a user has a role on something in a group (R30).
func (w *world) inside(user int64, group *spot) bool {
	for _, s := range w.spots {
		if !s.gone && s != group && s.in(group) && w.role(user, s) > 0 {
			return true
		}
	}
	return false
}

func (w *world) flagAt(at *spot) bool {
	switch {
	case at.Kind == model.ProjectPlace && at.flag != nil: // R72: not of groups
		return *at.flag
	case w.flag != nil:
		return *w.flag
	}
	return true
}

// active counts what R82 counts in a top-level group.
func (w *world) active(top *spot) (n int) {
	for _, k := range w.tokens {
		if k.kind == model.ProjectToken && k.bot.home.top() == top && !k.revoked && k.by == 0 && k.expires > w.today() {
			n++
		}
	}
	return n
}

func (a who) String() string {
	switch {
	case a.person != nil:
		return a.person.Username
	case a.token != nil:
		return a.token.String()
	}
	return "nobody"
}

func (k *secret) String() string { return fmt.Sprintf("%s token %d", k.kind, k.id) }

// actor is who, as a use case is told: people sit at the console.
func (a who) actor() model.Actor {
	switch {
	case a.person != nil:
		return model.Actor{UserID: a.person.ID, Door: model.ConsoleDoor, Address: "10.0.0.1"}
	case a.token != nil:
		return model.Actor{UserID: a.token.user(), TokenID: a.token.id, Door: model.APIDoor, Address: "10.0.0.2"}
	}
	return model.Actor{Door: model.APIDoor, Address: "10.0.0.3"}
}

func (w *world) caller(a who) (c model.Caller) {
	p := a.person
	if k := a.token; k != nil {
		c.Token = &model.Credential{ID: k.id, Kind: k.kind, ExpiresOn: k.expires, Revoked: w.dead(k), Replaced: k.by != 0 && !w.dead(k), Scopes: k.scopes}
		c.UserID, p = k.user(), k.owner
		if k.bot != nil {
			c.Token.Place = k.bot.home.Place
			c.Kind, c.External = model.Bot, k.bot.external
		}
	}
	if p != nil {
		c.UserID, c.Kind = p.ID, model.Human
		c.Admin, c.Auditor, c.External, c.Blocked = p.Admin, p.Auditor, p.External, p.Blocked
	}
	return c
}

// facts are those for something that somebody wants to do in a place, or with
// nil on the instance.
func (w *world) facts(a who, access model.Access, action model.Action, at *spot) model.Facts {
	f := model.Facts{Today: w.today(), Caller: w.caller(a), Action: action}
	if a.person == nil {
		f.Access = access
	}
	if a == (who{}) {
		f.Access = model.NoAccess
	}
	f.Target.MaxLifetime = w.number(model.SettingMaxLifetime)
	if at == nil {
		return f
	}
	t := &f.Target
	t.Kind, t.Missing = at.Kind, at.gone
	if at.gone {
		return f
	}
	t.Visibility, t.Role = at.visibility, w.role(f.Caller.UserID, at)
	t.SeesInside = at.Kind == model.GroupPlace && w.inside(f.Caller.UserID, at)
	t.Within = f.Caller.Kind != model.Bot || a.token.bot != nil && at.in(a.token.bot.home)
	t.Flag, t.Switch, t.Plan = w.flagAt(at), !at.top().closed, at.top().plan
	t.SaaS = w.settings[model.SettingInstanceKind] == model.SaaS
	t.ActiveTokens = w.active(at.top())
	return f
}

// aimed are the facts for something that somebody wants to do to a token.
func (w *world) aimed(a who, access model.Access, action model.Action, k *secret) model.Facts {
	f := w.facts(a, access, action, k.home())
	f.Target.TokenKind = k.kind
	f.Target.TokenRevoked, f.Target.TokenExpired = w.dead(k), k.expires <= w.today()
	f.Target.TokenReplaced = k.by != 0 && !w.dead(k)
	f.Target.Mine = k.owner != nil && k.owner.ID == f.Caller.UserID
	if k.bot != nil {
		f.Target.TokenRole = k.bot.role
	}
	return f
}
