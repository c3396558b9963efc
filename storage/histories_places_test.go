package storage

import (
	"fmt"
	"slices"

	"patrol/model"
)

// What can happen to places, people and the instance in a history.

func (w *world) addPlace(a who, n model.NewPlace, up *spot) {
	if up != nil {
		n.FullPath = up.path() + "/" + n.FullPath
	}
	s := &spot{up: up, visibility: n.Visibility, plan: model.Free}
	var err error
	if n.Kind == model.GroupPlace {
		var made model.Group
		made, err = w.db.AddGroup(w.t.Context(), a.actor(), n)
		s.Place, s.name = model.Place{Kind: n.Kind, ID: made.ID}, made.Path
	} else {
		var made model.Project
		made, err = w.db.AddProject(w.t.Context(), a.actor(), n)
		s.Place, s.name = model.Place{Kind: n.Kind, ID: made.ID}, made.Path
	}
	if !w.did(err, "%v makes the %v %s", a, n.Kind, n.FullPath) {
		return
	}
	w.spots = append(w.spots, s)
	if up == nil {
		w.roles[seat{a.person.ID, s}] = post{role: model.Owner} // R33
	}
}

func (w *world) addSomePlace() {
	w.named++
	n := model.NewPlace{Kind: one(w, model.ProjectPlace, model.ProjectPlace, model.GroupPlace), FullPath: fmt.Sprintf("p%d", w.named), Visibility: model.Visibility(w.choose(3))}
	up := w.place(model.GroupPlace)
	if up == nil || up.gone || n.Kind == model.GroupPlace && w.choose(2) == 0 {
		n.Kind, up = model.GroupPlace, nil
	}
	a := w.someone()
	if a.token != nil && a.token.bot == nil { // a personal token makes places as its owner
		a = who{person: w.human()}
	}
	if up == nil && a.person == nil {
		a = who{person: w.human()}
	}
	w.addPlace(a, n, up)
}

// changePlace gives a place another visibility, path or switch.
func (w *world) changePlace() {
	at := w.place(model.ProjectPlace, model.GroupPlace)
	if at == nil {
		return
	}
	w.named++
	var c model.PlaceChange
	a := w.someone()
	switch w.choose(4) {
	case 0:
		c.Visibility = ptr(model.Visibility(w.choose(3)))
	case 1:
		c.Path = ptr(fmt.Sprintf("q%d", w.named))
	default:
		c.TokenCreation = ptr(w.choose(2) == 0)
	}
	var err error
	if at.Kind == model.GroupPlace {
		_, err = w.db.ChangeGroup(w.t.Context(), a.actor(), at.Ref(), c)
	} else {
		_, err = w.db.ChangeProject(w.t.Context(), a.actor(), at.Ref(), c)
	}
	if !w.did(err, "%v changes %s", a, at.path()) {
		return
	}
	switch {
	case c.Visibility != nil:
		at.visibility = *c.Visibility
	case c.Path != nil:
		at.name = *c.Path
	default:
		at.closed = !*c.TokenCreation
		if at.up != nil || a.actor().UserID == 0 || w.caller(a).Kind == model.Bot {
			w.t.Errorf("R76: %v changed the switch of %s", a, at.path())
		}
	}
}

func (w *world) changePlan() {
	at := w.place(model.GroupPlace)
	if at == nil {
		return
	}
	plan := one(w, model.Plans...)
	_, err := w.db.ChangeGroup(w.t.Context(), root, at.Ref(), model.PlaceChange{Plan: &plan})
	if w.did(err, "%s gets the plan %s", at.path(), plan) {
		at.plan = plan
	}
}

func (w *world) removePlace() {
	at := w.place(model.ProjectPlace, model.ProjectPlace, model.ProjectPlace, model.GroupPlace)
	if at == nil || at.up == nil && w.choose(4) > 0 {
		return
	}
	a, action, remove := w.someone(), model.DeleteProject, w.db.RemoveProject
	if at.Kind == model.GroupPlace {
		action, remove = model.EditGroup, w.db.RemoveGroup
	}
	d := model.Decide(w.facts(a, model.RESTWrite, action, at))
	if w.agree(remove(w.t.Context(), a.actor(), w.refer(at)), d, "%v deletes %s", a, at.path()) {
		w.leave(at)
	}
}

// member is somebody who may become one, or may not: also bots and the ghost.
func (w *world) member() int64 {
	if w.seldom() {
		return model.GhostID
	}
	if bots := w.robots(); len(bots) > 0 && w.seldom() {
		return w.token().user()
	}
	return w.human().ID
}

func (w *world) addMember() {
	at := w.place(model.ProjectPlace, model.GroupPlace)
	if at == nil {
		return
	}
	a, user, g := w.someone(), w.member(), post{one(w, model.Roles...), one(w, 0, w.today()+1, w.today()+40)}
	_, err := w.db.AddMember(w.t.Context(), a.actor(), w.refer(at), user, g.role, g.ends)
	if w.did(err, "%v makes user %d %v of %s", a, user, g.role, at.path()) {
		w.grant("R107", user, at, g)
	}
}

func (w *world) grant(rule string, user int64, at *spot, g post) {
	if !slices.ContainsFunc(w.people, func(p *person) bool { return p.ID == user && !p.gone }) {
		w.t.Errorf("%s: user %d is nobody who can be a member by hand", rule, user)
	}
	w.roles[seat{user, at}] = g
	if g.role == model.NoRole {
		delete(w.roles, seat{user, at})
	}
}

func (w *world) changeMember() {
	at := w.place(model.ProjectPlace, model.GroupPlace)
	if at == nil {
		return
	}
	a, user, g := w.someone(), w.member(), post{role: one(w, model.Roles...)}
	made, err := w.db.ChangeMember(w.t.Context(), a.actor(), w.refer(at), user, g.role, one(w, nil, &g.ends, ptr(w.today()+9)))
	if w.did(err, "%v changes user %d to %v in %s", a, user, g.role, at.path()) {
		g.ends = made.ExpiresOn
		w.grant("R106", user, at, g)
	}
}

func (w *world) removeMember() {
	at := w.place(model.ProjectPlace, model.GroupPlace)
	if at == nil {
		return
	}
	a, user := w.someone(), w.member()
	if w.did(w.db.RemoveMember(w.t.Context(), a.actor(), w.refer(at), user), "%v removes user %d from %s", a, user, at.path()) {
		w.grant("R106", user, at, post{})
	}
}

// changePerson marks, blocks or unblocks somebody other than root.
func (w *world) changePerson() {
	p := w.human()
	if p.ID == model.RootID {
		return
	}
	on := w.choose(3) == 0
	c := one(w, model.UserChange{Blocked: &on}, model.UserChange{Blocked: &on}, model.UserChange{External: &on}, model.UserChange{Auditor: &on}, model.UserChange{Admin: &on})
	_, err := w.db.ChangeUser(w.t.Context(), root, p.ID, c)
	if !w.did(err, "root changes %s: %v", p.Username, on) {
		return
	}
	for mark, to := range map[*bool]*bool{&p.Blocked: c.Blocked, &p.External: c.External, &p.Auditor: c.Auditor, &p.Admin: c.Admin} {
		if to != nil {
			*mark = *to
		}
	}
}

// removePerson deletes somebody, and another comes.
func (w *world) removePerson() {
	p := w.human()
	if p.ID == model.RootID || w.choose(3) > 0 {
		return
	}
	if !w.did(w.db.RemoveUser(w.t.Context(), root, p.ID), "root deletes %s", p.Username) {
		return
	}
	p.gone = true
	w.toGhost(p.ID)
	for at := range w.roles {
		if at.user == p.ID {
			delete(w.roles, at)
		}
	}
	for _, k := range w.tokens {
		k.revoked = k.revoked || k.owner == p
	}
	w.named++
	u, err := w.db.AddUser(w.t.Context(), root, model.NewUser{Username: fmt.Sprintf("u%d", w.named), External: w.choose(4) == 0})
	w.must(err)
	w.people = append(w.people, &person{User: u})
	w.tell("root adds %s", u.Username)
}

func (w *world) changeSetting() {
	key := one(w, model.SettingBotRetention, model.SettingExpiredBots, model.SettingMaxLifetime, model.SettingInstanceKind, model.SettingPrefix)
	value := one(w, map[string][]string{
		model.SettingBotRetention: {"0", "0", "1", "20"},
		model.SettingExpiredBots:  {"30", "0", "3"},
		model.SettingMaxLifetime:  {"", "", "90", "2"},
		model.SettingInstanceKind: {model.SelfManaged, model.SelfManaged, model.SaaS},
		model.SettingPrefix:       {"glpat-", "", "corp_"},
	}[key]...)
	_, err := w.db.ChangeSetting(w.t.Context(), root, key, value)
	w.must(err)
	w.settings[key] = value
	w.tell("%s is %q", key, value)
}

func (w *world) setFlag() {
	value := one(w, nil, nil, ptr(true), ptr(false))
	at := w.place(model.ProjectPlace)
	if at == nil || at.gone || w.choose(2) == 0 {
		w.must(w.db.SetFeature(w.t.Context(), root, model.Ref{}, value))
		w.flag = value
		w.tell("the flag is set everywhere")
		return
	}
	w.must(w.db.SetFeature(w.t.Context(), root, at.Ref(), value))
	at.flag = value
	w.tell("the flag of %s is set", at.path())
}
