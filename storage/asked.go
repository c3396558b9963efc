package storage

import "patrol/model"

// The facts of explain's questions, gathered with a token as who asks.

// asked are the facts of a question, as the doors gather them. The actor is who
// wants to know: what he can't see isn't there for the token either (R164).
func (t *tx) asked(actor model.Caller, token model.Token, q model.Question) (f model.Facts, err error) {
	f = model.Facts{Today: t.today(), Caller: callerOf(token), Access: q.Access, Action: q.Action}
	if model.Admit(f.Caller, f.Access, f.Today).Allowed { // whom a door refuses isn't told what is behind it
		if err := t.askedUpstream(q); err != nil {
			return f, err
		}
	}
	p, err := t.askedPlace(token, q)
	if err != nil {
		return f, err
	}
	if p.Kind != model.NoPlace {
		if f.Target, err = t.target(actor, p); err != nil {
			return f, err
		}
		p.missing = !model.Facts{Caller: actor, Target: f.Target}.Sees()
		if f.Target, err = t.target(f.Caller, p); err != nil || p.missing {
			return f, err
		}
	}
	if err := t.aimAt(&f, actor, token, p, q); err != nil {
		return f, err
	}
	return f, t.revive(&f, token, p)
}

// askedUpstream is nil if a gateway has something to send the request on to (G80,
// G82).
func (t *tx) askedUpstream(q model.Question) error {
	settings, err := t.instance()
	if err != nil {
		return err
	}
	switch {
	case q.Access == model.AIGateway && settings.settings[model.SettingAIUpstream] == "":
		return &model.Reason{Rule: "G80", Kind: model.ErrNotFound,
			Text: "There is nothing behind the AI gateway.", Remedy: "an address in the setting " + model.SettingAIUpstream}
	case q.Cluster != "":
		if _, known, err := t.cluster(q.Cluster); err != nil || known {
			return err
		}
		return &model.Reason{Rule: "G82", Kind: model.ErrNotFound,
			Text: "There is no such Kubernetes cluster.", Remedy: "a cluster of that number in the setting " + model.SettingK8sUpstreams}
	}
	return nil
}

// cluster finds one of the setting's.
func (t *tx) cluster(name string) (c model.Cluster, known bool, err error) {
	settings, err := t.instance()
	if err != nil {
		return c, false, err
	}
	clusters, err := model.ParseClusters(settings.settings[model.SettingK8sUpstreams])
	if err != nil {
		return c, false, err
	}
	c, known = model.ClusterNamed(clusters, name)
	return c, known, nil
}

// askedPlace is the place of a question: the one named, the token's own, or none.
func (t *tx) askedPlace(token model.Token, q model.Question) (place, error) {
	in := q.In
	switch {
	case q.Cluster != "":
		return t.clusterPlace(q.Cluster)
	case q.Own, q.Action == model.RotateSelf && in == (model.Ref{}):
		in = token.Place.Ref()
	case q.Access == model.RegistryPull, q.Access == model.RegistryPush:
		return t.imagePlace(in.Path)
	}
	if in.Kind == model.NoPlace {
		return place{}, nil
	}
	return t.findPlace(in)
}

// clusterPlace is the project of a cluster (G81).
func (t *tx) clusterPlace(name string) (p place, err error) {
	p = place{Place: model.Place{Kind: model.ProjectPlace}, missing: true}
	c, known, err := t.cluster(name)
	if err != nil || !known {
		return p, err
	}
	return t.findPlace(c.Ref())
}

// imagePlace is the project of an image: the longest path of one that the name
// is or goes on from (G57).
func (t *tx) imagePlace(name string) (place, error) {
	for {
		p, err := t.findKind(model.ProjectPlace, model.Ref{Path: name})
		if err != nil || !p.missing {
			return p, err
		}
		if name, _ = model.SplitPath(name); name == "" {
			return p, nil
		}
	}
}

// aimAt reads the facts about the thing in the place that the question is aimed
// at. What a request would say beside its address is taken to be in order.
func (t *tx) aimAt(f *model.Facts, actor model.Caller, token model.Token, p place, q model.Question) error {
	switch q.Action {
	case model.RotateSelf:
		if p.Place != token.Place { // A46: only in its own place
			f.Target = model.Target{Kind: p.Kind, Missing: true}
		}
	case model.ListTokens:
		f.Target.TokenKind = model.KindAt(p.Kind)
	case model.CreateToken:
		if p.Kind == model.NoPlace {
			f.Target = model.Target{TokenKind: model.PersonalToken, MemberKind: f.Caller.Kind, Mine: true}
		}
	case model.ReadToken, model.RevokeToken, model.RotateToken:
		return t.aimAtToken(f, actor, p, q.Number)
	case model.AddMember, model.ChangeMember, model.RemoveMember:
		return t.aimAtMember(f, actor, p, q.Number)
	case model.EditRecord:
		issue, found, err := t.issue(p.ID, q.Number)
		f.Target.Mine = found && issue.Author.ID == f.Caller.UserID
		return err
	}
	return nil
}

// aimAtToken: in a place the token must be the place's own; without the right to
// read any, nobody is told that it isn't (A42, A44).
func (t *tx) aimAtToken(f *model.Facts, actor model.Caller, p place, id int64) error {
	aimed, found, err := t.tokenBy(`t.id = ?`, id)
	if err != nil {
		return err
	}
	if found = found && !aimed.BotDeleted && (p.Kind == model.NoPlace || aimed.Place == p.Place); found {
		look := model.Facts{Today: f.Today, Caller: actor, Access: t.access(model.RESTRead), Action: model.ReadToken}
		if look.Target, err = t.tokenTarget(actor, aimed); err != nil {
			return err
		}
		found = model.Decide(look).Allowed
	}
	if found {
		f.Target, err = t.tokenTarget(f.Caller, aimed)
		return err
	}
	if f.Action != model.ReadToken || model.Decide(*f).Allowed {
		f.Target = model.Target{Missing: true}
	}
	return nil
}

// aimAtMember: who may do no such thing isn't told whether there is such a user,
// as in membership.
func (t *tx) aimAtMember(f *model.Facts, actor model.Caller, p place, id int64) error {
	f.Target.MemberKind, f.Target.AskedRole, f.Target.Mine = model.Human, model.Guest, id == f.Caller.UserID
	if f.Action == model.AddMember || !model.Decide(*f).Allowed {
		return nil
	}
	u, found, err := t.user(`u.id = ?`, id)
	for _, who := range []model.Caller{f.Caller, actor} {
		if err == nil && found {
			found, err = t.seesUser(who, u)
		}
	}
	if err != nil {
		return err
	}
	if !found {
		f.Target = model.Target{Missing: true}
		return nil
	}
	m := membership{place: p, facts: *f, user: u}
	err = t.roleFacts(&m)
	f.Target = m.facts.Target
	f.Target.MemberKind, f.Target.AskedRole = u.Kind, max(model.Guest, f.Target.MemberRole, f.Target.Inherited)
	return err
}

const withinSQL = `WITH RECURSIVE above (id) AS (SELECT CAST(?1 AS BIGINT) UNION ALL SELECT g.parent_id FROM groups g JOIN above ON g.id = above.id WHERE g.parent_id IS NOT NULL)
	SELECT EXISTS (SELECT 1 FROM above WHERE id = ?2)`

// revive gives a bot that was deleted with its last token (R120) the role that it
// had in its own place: what a new token like the old one would open.
func (t *tx) revive(f *model.Facts, token model.Token, p place) error {
	if !token.BotDeleted || p.Kind == model.NoPlace {
		return nil
	}
	within := p.Place == token.Place
	if !within && token.Kind == model.GroupToken {
		above := p.parent
		if p.Kind == model.GroupPlace {
			above = p.ID
		}
		var err error
		if within, err = t.is(withinSQL, above, token.Place.ID); err != nil {
			return err
		}
	}
	if within {
		f.Target.Role, f.Target.Within = token.Role, true
	}
	return nil
}
