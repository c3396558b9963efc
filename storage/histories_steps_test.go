package storage

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"patrol/model"
)

// What can happen in a history. Each step asks the store, compares its answer
// with what the policy says of the plain model's facts, and tells the model.

// agree compares a use case's answer with the decision on the plain facts: the
// store must have read the same ones.
func (w *world) agree(err error, d model.Decision, format string, args ...any) (done bool) {
	w.t.Helper()
	answer := "done"
	if err != nil {
		answer = fmt.Sprintf("refused by %s: %v", rule(err), err)
	}
	w.tell(format+": %s", append(args, answer)...)
	if (err == nil) != d.Allowed || err != nil && rule(err) != d.Rule {
		w.t.Errorf("%s: %s; the policy on the plain facts: %+v", fmt.Sprintf(format, args...), answer, d)
	}
	return err == nil
}

// did notes an answer that the plain model doesn't foretell.
func (w *world) did(err error, format string, args ...any) bool {
	w.t.Helper()
	answer := "done"
	if err != nil {
		answer = fmt.Sprintf("refused by %s: %v", rule(err), err)
		if rule(err) == "" {
			w.t.Errorf("%s: %v", fmt.Sprintf(format, args...), err)
		}
	}
	w.tell(format+": %s", append(args, answer)...)
	return err == nil
}

// someone is root, who may do anything, more often than others.
func (w *world) someone() who {
	switch w.choose(6) {
	case 0, 1:
		return who{person: w.people[0]}
	case 2:
		if len(w.tokens) > 0 {
			return who{token: w.token()}
		}
	case 3:
		if k := w.living(); k != nil {
			return who{token: k}
		}
	}
	return who{person: w.human()}
}

// living is a token that works, or nil.
func (w *world) living() *secret {
	var list []*secret
	for _, k := range w.tokens {
		if w.state(k) == "" {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return one(w, list...)
}

func (w *world) human() *person {
	for {
		if p := one(w, w.people...); !p.gone {
			return p
		}
	}
}

// token is any of the last forty, those that work more often.
func (w *world) token() *secret {
	if k := w.living(); k != nil && w.choose(2) == 0 {
		return k
	}
	return one(w, w.tokens[max(0, len(w.tokens)-40):]...)
}

// place is any of the kinds given that was ever there: the lately made more
// often, and with none it is nil.
func (w *world) place(kinds ...model.PlaceKind) *spot {
	var list []*spot
	for _, s := range w.spots {
		for _, k := range kinds {
			if s.Kind == k && (!s.gone || w.seldom()) {
				list = append(list, s)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return one(w, list...)
}

func (w *world) refer(s *spot) model.Ref {
	if s.gone || w.choose(2) == 0 {
		return s.Ref()
	}
	return model.Ref{Kind: s.Kind, Path: strings.ToUpper(s.path())}
}

func (w *world) name() string {
	w.named++
	return one(w, fmt.Sprintf("n%d", w.named), fmt.Sprintf("n%d", w.named), fmt.Sprintf("%d-ü", w.named), "", " ")
}

func (w *world) date() model.Date {
	return one(w, 0, 0, w.today()+1, w.today()+2, w.today()+30, w.today()+90, w.today()+365, w.today()+365, w.today()+366, w.today())
}

var botUsername = regexp.MustCompile(`^(project|group)_[0-9]+_bot_[0-9a-f]{16}$`)

func (w *world) createToken() {
	a := w.someone()
	n := model.NewToken{Name: w.name(), Role: one(w, append([]model.Role{0, 0, 25, model.Maintainer, model.Maintainer, model.Owner}, model.Roles...)...), ExpiresOn: w.date(),
		Scopes: one(w, model.Scopes{model.ScopeAPI}, model.Scopes{model.ScopeAPI, model.ScopeSelfRotate}, model.Scopes{model.ScopeSelfRotate},
			model.Scopes{model.ScopeReadAPI}, model.Scopes{model.ScopeAPI}, model.Scopes{model.ScopeAPI}, model.Scopes{model.ScopeK8sProxy, model.ScopeSelfRotate}, nil)}
	if n.Name == "" || w.choose(5) > 0 {
		n.Name += "token"
	}
	k := &secret{}
	at := w.place(model.ProjectPlace, model.ProjectPlace, model.GroupPlace)
	if w.choose(4) == 0 || at == nil {
		k.owner, at = w.human(), nil
		n.UserID = k.owner.ID
		n.Role = 0
	} else {
		n.Place = w.refer(at)
	}
	f := w.facts(a, model.RESTWrite, model.CreateToken, at)
	if at == nil {
		f.Target.TokenKind, f.Target.MemberKind, f.Target.Mine = model.PersonalToken, model.Human, f.Caller.UserID == k.owner.ID
	}
	asked := n.WithDefaults(a.actor().Door, w.today(), f.Target.MaxLifetime)
	f.Asked, f.Target.AskedRole = &asked, asked.Role
	made, err := w.db.CreateToken(w.t.Context(), a.actor(), n)
	if !w.agree(err, model.Decide(f), "%v makes a token in %v %v", a, n.Place, k.owner != nil) {
		return
	}
	k.kind = asked.Kind()
	if at != nil {
		k.bot = &robot{id: made.User.ID, home: at, role: asked.Role, external: f.Caller.External}
		if !botUsername.MatchString(made.User.Username) {
			w.t.Errorf("R102: %q", made.User.Username)
		}
	}
	w.issue(k, made, asked.ExpiresOn)
	k.name, k.scopes, k.family = asked.Name, asked.Scopes, k.id
}

// issue notes a token that was made or rotated.
func (w *world) issue(k *secret, made model.IssuedToken, expires model.Date) {
	k.text, k.id, k.made, k.expires = made.Secret, made.ID, w.clock.at, expires
	if prefix := w.settings[model.SettingPrefix]; !strings.HasPrefix(made.Secret.Reveal(), prefix) || len(made.Secret.Reveal()) != len(prefix)+model.SecretLength {
		w.t.Errorf("R140, R141: a secret of token %d doesn't fit the prefix %q", made.ID, prefix)
	}
	w.tokens = append(w.tokens, k)
	w.tell("  it is %v", k)
}

// succeed is R66 and R69.
func (w *world) succeed(old *secret, made model.IssuedToken, r model.Rotation) {
	k := *old
	k.by, k.until = 0, time.Time{}
	w.issue(&k, made, r.ExpiresOn)
	if r.OverlapHours == 0 {
		old.revoked = true
		return
	}
	old.by, old.until = k.id, w.clock.at.Add(time.Duration(r.OverlapHours)*time.Hour)
	if end := old.expires.Time(); end.Before(old.until) {
		old.until = end
	}
}

// rotateAs fills in R55's dates.
func (w *world) rotateAs(a who, r model.Rotation, old *secret) *model.Rotation {
	r = r.WithDefaults(a.actor().Door, model.Token{CreatedAt: old.made, ExpiresOn: old.expires}, w.today(), w.number(model.SettingMaxLifetime))
	return &r
}

func (w *world) rotateToken() {
	if len(w.tokens) == 0 {
		return
	}
	a, old := w.someone(), w.token()
	in, d, visible := w.aim(a, model.RotateToken, old)
	r := model.Rotation{ExpiresOn: w.date(), OverlapHours: one(w, 0, 0, 1, 24, 168, 169)}
	f := w.aimedAlone(a, model.RotateToken, old)
	f.Rotation = w.rotateAs(a, r, old)
	if visible {
		d = model.Decide(f)
	}
	made, err := w.db.RotateTokens(w.t.Context(), a.actor(), in, r, old.id)
	if !w.agree(err, d, "%v rotates %v with %d hours", a, old, r.OverlapHours) {
		return
	}
	if old.bot != nil {
		old.bot.external = f.Caller.External // R113
	}
	w.succeed(old, made[0], *f.Rotation)
}

// aimedAlone are the facts where a token has its number and, if it is a bot's,
// its place: over REST a personal one has no place to be found in (A58, A60).
func (w *world) aimedAlone(a who, action model.Action, k *secret) model.Facts {
	f := w.aimed(a, model.RESTWrite, action, k)
	f.Target.ByNumber = a.token != nil && k.owner != nil
	return f
}

// aim is where a token is looked for, and the refusal if it isn't found there:
// bots look in its place, people by its number alone or in its place.
func (w *world) aim(a who, action model.Action, k *secret) (in model.Ref, d model.Decision, visible bool) {
	if k.bot != nil && (a.token != nil || w.choose(2) == 0) {
		in = w.refer(k.bot.home)
	}
	f := w.aimedAlone(a, action, k)
	if d = model.Decide(f); rule(d.Err()) == "R35" {
		return in, d, false
	}
	hidden := k.gone() && (a.token != nil || action == model.RevokeToken) // R123, R94
	if see := w.facts(a, model.RESTWrite, model.NoAction, k.home()); hidden && model.Decide(see).Allowed {
		return in, model.Decision{Rule: "R35"}, false
	}
	return in, d, true
}

func (w *world) rotateSelf() {
	if len(w.tokens) == 0 {
		return
	}
	old := w.token()
	a := who{token: old}
	r := model.Rotation{ExpiresOn: w.date(), OverlapHours: one(w, 0, 0, 0, 0, 1)}
	f := w.aimed(a, model.SelfRotation, model.RotateSelf, old)
	f.Rotation = w.rotateAs(a, r, old)
	made, err := w.db.RotateSelf(w.t.Context(), a.actor(), model.Ref{}, r)
	if w.agree(err, model.Decide(f), "%v rotates itself", a) {
		w.succeed(old, made, *f.Rotation)
	}
}

// revokeTokens: one, or several at once, all or none.
func (w *world) revokeTokens() {
	if len(w.tokens) == 0 {
		return
	}
	a := w.someone()
	first := w.token()
	in, d, _ := w.aim(a, model.RevokeToken, first)
	list, ids := []*secret{first}, []int64{first.id}
	for in == (model.Ref{}) && a.person != nil && d.Allowed && w.choose(2) == 0 {
		next := w.token()
		if next.gone() {
			d = model.Decision{Rule: "R35"}
		} else {
			d = model.Decide(w.aimedAlone(a, model.RevokeToken, next))
		}
		list, ids = append(list, next), append(ids, next.id)
	}
	err := w.db.RevokeTokens(w.t.Context(), a.actor(), in, ids...)
	if w.agree(err, d, "%v revokes %v", a, ids) {
		for _, k := range list {
			w.revoke(k)
		}
	}
}

func (w *world) revokeSelf() {
	if len(w.tokens) == 0 || w.choose(2) == 0 {
		return
	}
	a := who{token: w.token()}
	f := w.facts(a, model.SelfAccess, model.RevokeSelf, nil)
	if w.agree(w.db.RevokeSelf(w.t.Context(), a.actor()), model.Decide(f), "%v revokes itself", a) {
		w.revoke(a.token)
	}
}

// reuse presents a secret, as a rotation endpoint does when it is revoked (R68).
func (w *world) reuse() {
	if len(w.tokens) == 0 {
		return
	}
	k := w.token()
	if !w.did(w.db.Reused(w.t.Context(), model.Actor{Door: model.APIDoor, Address: "10.6.6.6"}, k.id), "%v is used again", k) {
		return
	}
	if !w.dead(k) || k.expires <= w.today() {
		return
	}
	for _, of := range w.tokens {
		if of.family == k.family {
			w.revoke(of)
		}
	}
}

// write makes an issue, addRunner a runner (R114).
func (w *world) write() {
	at := w.place(model.ProjectPlace)
	if at == nil {
		return
	}
	a := w.someone()
	made, err := w.db.AddIssue(w.t.Context(), a.actor(), w.refer(at), "text", nil)
	if w.agree(err, model.Decide(w.facts(a, model.RESTWrite, model.CreateRecord, at)), "%v writes an issue in %s", a, at.path()) {
		w.records = append(w.records, &record{"issue", made.ID, at, a.actor().UserID})
	}
}

func (w *world) addRunner() {
	at := w.place(model.ProjectPlace, model.GroupPlace)
	if at == nil {
		return
	}
	a, kind, action := w.someone(), model.ProjectRunner, model.EditProject
	if at.Kind == model.GroupPlace {
		kind, action = model.GroupRunner, model.EditGroup
	}
	made, _, err := w.db.AddRunner(w.t.Context(), a.actor(), model.Runner{Kind: kind, Place: at.Place, RunUntagged: true, AccessLevel: "not_protected"})
	if w.agree(err, model.Decide(w.facts(a, model.RunnerCreation, action, at)), "%v makes a runner in %s", a, at.path()) {
		w.records = append(w.records, &record{"runner", made.ID, at, a.actor().UserID})
	}
}

func (w *world) tidy() {
	_, err := w.db.Tidy(w.t.Context())
	w.must(err)
	w.tell("tidied")
	for _, k := range w.tokens {
		if w.dead(k) && !k.revoked { // R69
			k.revoked = true
			w.endBot(k.bot)
		}
	}
	kept := time.Duration(w.number(model.SettingBotRetention)) * day
	for _, bot := range w.robots() {
		if bot.idle != nil && !bot.idle.After(w.clock.at.Add(-kept)) { // R121
			w.deleteBot(bot)
		}
	}
	last := w.today() - model.Date(w.number(model.SettingExpiredBots))
	for _, k := range w.tokens {
		if k.bot == nil || k.revoked || k.expires > last { // R122
			continue
		}
		k.revoked = true
		if !w.lives(k.bot) {
			w.deleteBot(k.bot)
		}
	}
}

// missing tells whether an error says that something isn't there.
func missing(err error) bool { return errors.Is(err, model.ErrNotFound) }
