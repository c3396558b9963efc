package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newMembers lists who is a member of a place, by itself or through a group
// above. Bots are marked: their membership comes and goes with their token.
func newMembers(p *place) *list[model.Member] {
	a := p.app
	l := &list[model.Member]{
		app: a, path: p.crumbs, who: p.who, keys: keys.Members, what: "members", parse: searched("members"),
		id: func(m model.Member) int64 { return m.User.ID },
		columns: []column[model.Member]{
			{head: "NAME", worth: 1, least: 12, cell: func(m model.Member) string {
				if m.User.Kind == model.Bot {
					return clean(m.User.Name)
				}
				return clean(m.User.Username)
			}},
			{worth: 2, cell: func(m model.Member) string {
				if m.User.Kind == model.Bot {
					return a.theme.paint(dim, "[bot]")
				}
				return ""
			}},
			{head: "ROLE", worth: 3, cell: func(m model.Member) string { return m.Role.String() }},
			{head: "FROM", worth: 4, cell: func(m model.Member) string {
				if m.From == p.Place {
					return "here"
				}
				return clean(m.FromPath)
			}},
			{head: "UNTIL", worth: 5, cell: func(m model.Member) string {
				if m.User.Kind == model.Bot {
					return a.theme.paint(dim, "its token's date: ") + m.TokenEnds.String()
				}
				return orDash(m.ExpiresOn.String())
			}},
		},
		fetch: func(ctx context.Context, w wanted, page model.Page) (model.List[model.Member], error) {
			return a.Store.Members(ctx, a.Actor, p.Ref(), true, w.filter, page)
		},
	}
	l.empty, l.begin = "No members in "+clean(p.path)+".", "n adds one"
	l.deeds = map[keys.Action]deed{
		keys.New: {
			do:  func() tea.Cmd { return a.push(newMemberForm(p, nil)) },
			can: func() error { return a.may(model.AddMember, memberTarget(p.spot, a.me.ID, nil, model.Guest)) },
		},
		keys.NewToken: p.makesToken(),
		keys.Edit: l.row(func(m model.Member) tea.Cmd { return a.push(newMemberForm(p, &m)) }, func(m model.Member) error {
			if m.User.Kind == model.Human && m.From != p.Place {
				return fmt.Errorf("%s is a member through %s: change it there", clean(m.User.Username), clean(m.FromPath))
			}
			return a.may(model.ChangeMember, memberTarget(p.spot, a.me.ID, &m, m.Role))
		}),
		keys.Remove: l.row(func(m model.Member) tea.Cmd { return removeMember(p, m) }, func(m model.Member) error {
			if m.User.Kind == model.Human && m.From != p.Place {
				return fmt.Errorf("%s is a member through %s: remove him there", clean(m.User.Username), clean(m.FromPath))
			}
			return a.may(model.RemoveMember, memberTarget(p.spot, a.me.ID, &m, model.NoRole))
		}),
		keys.Open: l.row(func(m model.Member) tea.Cmd {
			return ask(a, new(request), func(ctx context.Context) (model.Token, error) {
				return a.Store.Token(ctx, a.Actor, model.Ref{}, m.TokenID)
			}, func(t model.Token, err error) tea.Cmd {
				if err != nil {
					a.fail(err)
					return nil
				}
				return a.push(newDetail(a, t, nil))
			})
		}, func(m model.Member) error {
			if m.TokenID == 0 {
				return errors.New("only bots have a token here")
			}
			return nil
		}),
	}
	return l
}

// memberTarget is what is known of a membership, for the policy.
func memberTarget(in spot, me int64, m *model.Member, asked model.Role) model.Target {
	t := in.target()
	t.AskedRole, t.MemberKind = asked, model.Human
	if m != nil {
		t.MemberKind = m.User.Kind
		t.Mine = m.User.ID == me
		if m.From == in.Place {
			t.MemberRole = m.Role
		} else {
			t.Inherited = m.Role
		}
	}
	return t
}

func removeMember(p *place, m model.Member) tea.Cmd {
	a, name := p.app, clean(m.User.Username)
	return a.push(newConfirm(a, question{
		title:   "Remove " + name + "?",
		lines:   []string{fmt.Sprintf("%s is %s of %s.", name, m.Role, clean(p.path)), "The tokens that " + name + " made keep working."},
		yesWord: "Yes, remove",
		yes: func() tea.Cmd {
			return a.change(func(ctx context.Context) error {
				return a.Store.RemoveMember(ctx, a.Actor, p.Ref(), m.User.ID)
			}, func() tea.Cmd {
				a.say(okay, name+" removed")
				a.acted("member", "remove", p.path, m.User.Username)
				return a.reload()
			})
		},
	}))
}

// newMemberForm adds a member, or changes one.
func newMemberForm(p *place, m *model.Member) *form {
	a := p.app
	f := &form{app: a, path: append(p.crumbs(), "Add member"), who: p.who, verb: "add", makes: "Then"}
	user := &field{key: "user", label: "User", known: true, hint: func() string { return "the user name" }}
	role := &field{kind: chipField, key: "access_level", label: "Role"}
	ends := &field{key: "expires_at", label: "Until", hint: func() string { return "2027-01-31, jan 31, 30d; empty: no end" }}
	for _, r := range model.Roles {
		role.chips = append(role.chips, r.String())
	}
	if m == nil {
		f.fields = []*field{user, role, ends}
	} else {
		f.path[len(f.path)-1] = clean(m.User.Username)
		f.verb = "save"
		f.fields = []*field{role, ends}
		user.in.set(m.User.Username)
		ends.in.set(m.ExpiresOn.String())
		for i, r := range model.Roles {
			if r == m.Role {
				role.pick = i
			}
		}
	}
	f.values = func() values {
		return memberValues{app: a, may: a.judge(), in: p.spot, me: a.me.ID, before: m,
			name: strings.TrimSpace(user.in.String()), role: model.Roles[role.pick], ends: ends.in.String()}
	}
	return f
}

// memberValues is what a member's form asks for.
type memberValues struct {
	app    *App
	may    func(model.Action, model.Target) error
	in     spot
	me     int64
	before *model.Member // nil: a new one
	name   string
	role   model.Role
	ends   string
}

func (c memberValues) date() (model.Date, error) {
	text := strings.TrimSpace(c.ends)
	if text == "" {
		return 0, nil
	}
	d, err := model.ParseEnd(text, c.app.today())
	switch {
	case err != nil:
		return 0, model.Invalid("R8", model.Field{Key: "expires_at", Text: err.Error()})
	case d <= c.app.today() && (c.before == nil || d != c.before.ExpiresOn):
		return 0, model.Invalid("R8", model.Field{Key: "expires_at", Text: "must be after today"})
	}
	return d, nil
}

// check asks the policy with what the store says of the user.
func (c memberValues) check(ctx context.Context) (verdict, error) {
	a := c.app
	if c.name == "" {
		return verdict{look: bad, text: "the user's name is missing"}, nil
	}
	if _, err := c.date(); err != nil {
		return refusedBy(err), nil
	}
	m := c.before
	if m == nil {
		u, err := a.Store.User(ctx, a.Actor, 0, c.name)
		if err != nil {
			v := refusedBy(err)
			v.offers = c.people(ctx)
			return v, nil
		}
		found, err := a.Store.Members(ctx, a.Actor, c.in.Ref(), true, u.Username, model.Page{Limit: model.MaxPage})
		if err != nil {
			return verdict{}, err
		}
		m = &model.Member{User: u}
		for _, row := range found.Rows {
			if row.User.ID == u.ID {
				m = &row
			}
		}
		if m.Role != model.NoRole && m.From == c.in.Place {
			return verdict{look: bad, text: fmt.Sprintf("%s is %s here already", clean(u.Username), m.Role)}, nil
		}
	}
	action := model.AddMember
	if c.before != nil {
		action = model.ChangeMember
	}
	if err := c.may(action, memberTarget(c.in, c.me, m, c.role)); err != nil {
		return refusedBy(err), nil
	}
	v := verdict{look: okay, text: "can be added", makes: abilities(c.role, c.in)}
	if c.before != nil {
		v.text = "can be saved"
	}
	return v, nil
}

// maxOffers is how many people are offered at once.
const maxOffers = 3

// people are those of whom a name begins like the one being typed: tab takes the
// first, so it must not be somebody whose name only holds a letter.
func (c memberValues) people(ctx context.Context) (offers []offer) {
	if c.name == "" {
		return nil
	}
	found, err := c.app.Store.Users(ctx, c.app.Actor, model.UserQuery{Search: c.name, Active: true, WithoutBots: true, WithoutGhost: true},
		model.Page{Limit: model.MaxPage})
	if err != nil { // then there are no offers
		return nil
	}
	for _, u := range found.Rows {
		if !beginsLike(c.name, u) || len(offers) == maxOffers {
			continue
		}
		o := offer{word: clean(u.Username)}
		if u.Name != u.Username {
			o.note = clean(u.Name)
		}
		offers = append(offers, o)
	}
	return offers
}

// beginsLike tells whether a user's name, or a part of his full name, begins like
// what is typed, without case.
func beginsLike(typed string, u model.User) bool {
	return slices.ContainsFunc(append(strings.Fields(u.Name), u.Username, u.Name), func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed))
	})
}

// send adds or changes the member.
func (c memberValues) send(ctx context.Context) (func() tea.Cmd, error) {
	a, in := c.app, c.in.Ref()
	ends, err := c.date()
	if err != nil {
		return nil, err
	}
	if c.before == nil {
		u, err := a.Store.User(ctx, a.Actor, 0, c.name)
		if err != nil {
			return nil, err
		}
		if _, err := a.Store.AddMember(ctx, a.Actor, in, u.ID, c.role, ends); err != nil {
			return nil, err
		}
		return func() tea.Cmd {
			a.say(okay, fmt.Sprintf("%s is %s", clean(u.Username), c.role))
			a.acted(memberCommand("add", c.in, u.Username, c.role, ends)...)
			return a.pop()
		}, nil
	}
	before, id := *c.before, c.before.User.ID
	if _, err := a.Store.ChangeMember(ctx, a.Actor, in, id, c.role, &ends); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s is %s", clean(before.User.Username), c.role)
	return func() tea.Cmd {
		a.acted(memberCommand("set", c.in, before.User.Username, c.role, ends)...)
		a.done(text, undo{done: text, command: memberCommand("set", c.in, before.User.Username, before.Role, before.ExpiresOn),
			changed: func(ctx context.Context) (string, error) {
				found, err := a.Store.Members(ctx, a.Actor, in, false, before.User.Username, model.Page{Limit: model.MaxPage})
				for _, now := range found.Rows {
					if now.User.ID == id && now.Role == c.role && now.ExpiresOn == ends {
						return "", err
					} else if now.User.ID == id {
						return clean(now.User.Username) + " is " + now.Role.String(), err
					}
				}
				return clean(before.User.Username) + " is no member", err
			},
			back: func(ctx context.Context) error {
				_, err := a.Store.ChangeMember(ctx, a.Actor, in, id, before.Role, &before.ExpiresOn)
				return err
			}})
		return a.pop()
	}, nil
}

// abilities says what a member with the role can do with code.
func abilities(r model.Role, s spot) string {
	can := []string{"sees"}
	for _, x := range []struct {
		action model.Action
		word   string
	}{{model.ReadCode, "clones"}, {model.PushCode, "pushes"}, {model.CreateToken, "makes tokens"}} {
		t := s.target()
		t.Kind, t.Role = model.ProjectPlace, r
		if model.Decide(model.Facts{Caller: model.Caller{UserID: 1, Kind: model.Human}, Action: x.action, Target: t}).Allowed {
			can = append(can, x.word)
		}
	}
	if n := len(can); n > 1 {
		return strings.Join(can[:n-1], ", ") + " and " + can[n-1] + " in " + clean(s.path)
	}
	return can[0] + " " + clean(s.path)
}

// refusedBy is a refusal as a form's last row.
func refusedBy(err error) verdict {
	v := verdict{look: bad, text: oneLine(err)}
	var reason *model.Reason
	if errors.As(err, &reason) {
		v.fields = reason.Fields
	}
	return v
}
