package storage

import (
	"context"
	"database/sql"
	"errors"

	"patrol/model"
)

// memberAction is what the policy and the audit log call a change of members.
type memberAction struct {
	action  model.Action
	audited string
}

var (
	adding   = memberAction{model.AddMember, model.MemberAdded}
	changing = memberAction{model.ChangeMember, model.MemberChanged}
	removing = memberAction{model.RemoveMember, model.MemberRemoved}
)

// membership is a user's direct membership in a place, as it is now.
type membership struct {
	place  place
	facts  model.Facts
	user   model.User
	direct bool // he is a member there, and not only by inheritance
	ends   model.Date
}

func (m membership) about() about {
	return about{kind: "user", id: m.user.ID, path: m.place.path, place: m.place.Place}
}

// membership reads the facts about one user in one place. Before it says that
// there is no such user, the actor must be one who may do such a thing at all.
func (t *tx) membership(in model.Ref, user int64, do memberAction) (m membership, err error) {
	if m.place, err = t.findPlace(in); err != nil {
		return m, err
	}
	if m.facts, err = t.facts(model.RESTWrite, do.action, m.place); err != nil {
		return m, err
	}
	target := &m.facts.Target
	target.Mine = user == m.facts.Caller.UserID
	target.MemberKind, target.AskedRole = model.Human, model.Guest
	if err := t.decide(m.facts, do.audited, m.place.about()); err != nil {
		return m, err
	}
	found := false
	if m.user, found, err = t.user(`u.id = ?`, user); err != nil {
		return m, err
	}
	if found {
		found, err = t.seesUser(m.facts.Caller, m.user)
	}
	if err == nil && !found {
		err = model.NotFound("user")
	}
	if err != nil {
		return m, err
	}
	target.MemberKind = m.user.Kind
	return m, t.roleFacts(&m)
}

const directMemberSQL = `SELECT role, expires_on FROM members
	WHERE user_id = ?1 AND (project_id = ?2 OR group_id = ?3) AND (expires_on IS NULL OR expires_on > ?4)`

const otherOwnersSQL = `SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id
	WHERE m.group_id = ? AND m.role = 50 AND m.user_id <> ? AND u.kind = 1 AND (m.expires_on IS NULL OR m.expires_on > ?)`

// roleFacts reads the roles of the user aimed at: his own here, and what he
// inherits from the groups above.
func (t *tx) roleFacts(m *membership) (err error) {
	p, target, today := m.place, &m.facts.Target, t.today().String()
	group, project := placeIDs(p.Place)
	var ends sql.NullString
	m.direct, err = t.row(directMemberSQL, []any{m.user.ID, project, group, today}, &target.MemberRole, &ends)
	if err != nil {
		return err
	}
	m.ends = dateOf(ends)
	if p.parent != 0 {
		above := place{Place: model.Place{Kind: model.GroupPlace, ID: p.parent}}
		if _, target.Inherited, err = t.roles(m.user.ID, above); err != nil {
			return err
		}
	}
	if p.Kind == model.GroupPlace && p.parent == 0 && target.MemberRole == model.Owner {
		others, err := t.int(otherOwnersSQL, p.ID, m.user.ID, today)
		if err != nil {
			return err
		}
		target.LastOwner = others == 0
	}
	return nil
}

// settle decides with all facts, and tells of a wrong date beside a wrong role
// (R8, R59).
func (t *tx) settle(m membership, do memberAction, ends model.Date) error {
	err := t.decide(m.facts, do.audited, m.about())
	if ends == 0 || ends > t.today() {
		return err
	}
	past := model.Field{Key: "expires_at", Text: "must be in the future"}
	var refused *model.Reason
	switch {
	case err == nil:
		return model.Invalid("R8", past)
	case errors.As(err, &refused) && refused.Kind == model.ErrInvalid:
		return model.Invalid(refused.Rule, append(refused.Fields, past)...)
	}
	return err
}

// AddMember makes a user a direct member (R8, R28, R31). Who is one already is
// a conflict, bots too (A104, A105).
func (db *DB) AddMember(ctx context.Context, a model.Actor, in model.Ref, userID int64, role model.Role, ends model.Date) (member model.Member, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		m, err := t.membership(in, userID, adding)
		if err != nil {
			return err
		}
		if m.direct {
			return &model.Reason{Rule: "R8", Text: "Member already exists", Remedy: "change the member instead", Kind: model.ErrConflict, Name: m.user.Username}
		}
		m.facts.Target.AskedRole = role
		if err := t.settle(m, adding, ends); err != nil {
			return err
		}
		if err := t.addMember(m.place, userID, role, ends); err != nil {
			return err
		}
		member, err = t.member(m.place, userID)
		return err
	})
	return member, err
}

// An expired membership counts no more, but its row is there until another
// takes its place.
const dropMemberSQL = `DELETE FROM members WHERE user_id = ?1 AND (project_id = ?2 OR group_id = ?3)`

const insertMemberSQL = `INSERT INTO members (user_id, group_id, project_id, role, expires_on, created_at, creator_id) VALUES (?, ?, ?, ?, ?, ?, ?)`

func (t *tx) addMember(p place, user int64, role model.Role, ends model.Date) error {
	group, project := placeIDs(p.Place)
	if err := t.exec(dropMemberSQL, user, project, group); err != nil {
		return err
	}
	_, err := t.insert(insertMemberSQL, user, group, project, int(role), dateText(ends), t.now.UnixMilli(), t.actor.ID())
	if err != nil {
		return err
	}
	made := changes{"role": {nil, role.String()}}
	if ends != 0 {
		made["expires_at"] = [2]any{nil, ends}
	}
	return t.recordMember(model.MemberAdded, p, user, made)
}

func (t *tx) recordMember(action string, p place, user int64, made changes) error {
	name, err := t.username(user)
	if err != nil {
		return err
	}
	change := map[string]any{"user": name}
	for key, value := range made {
		change[key] = value
	}
	return t.record(action, about{kind: "user", id: user, path: p.path, place: p.Place}, change)
}

const updateMemberSQL = `UPDATE members SET role = ?4, expires_on = ?5 WHERE user_id = ?1 AND (project_id = ?2 OR group_id = ?3)`

// ChangeMember sets role and end of a direct membership (A106).
func (db *DB) ChangeMember(ctx context.Context, a model.Actor, in model.Ref, userID int64, role model.Role, ends *model.Date) (member model.Member, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		m, err := t.membership(in, userID, changing)
		if err != nil {
			return err
		}
		if !m.direct {
			return model.NotFound("member")
		}
		asked := m.ends // one that is there is never in the past
		if ends != nil {
			asked = *ends
		}
		m.facts.Target.AskedRole = role
		if err := t.settle(m, changing, asked); err != nil {
			return err
		}
		made := changes{}
		now := m.facts.Target.MemberRole
		alter(made, "role", &now, &role)
		alter(made, "expires_at", &m.ends, &asked)
		if len(made) > 0 {
			group, project := placeIDs(m.place.Place)
			if err := t.exec(updateMemberSQL, userID, project, group, int(role), dateText(asked)); err != nil {
				return err
			}
			if err := t.recordMember(model.MemberChanged, m.place, userID, made); err != nil {
				return err
			}
		}
		member, err = t.member(m.place, userID)
		return err
	})
	return member, err
}

// RemoveMember ends a direct membership; anybody ends his own (A107).
func (db *DB) RemoveMember(ctx context.Context, a model.Actor, in model.Ref, userID int64) error {
	return db.change(ctx, a, func(t *tx) error {
		m, err := t.membership(in, userID, removing)
		if err != nil {
			return err
		}
		if !m.direct {
			return model.NotFound("member")
		}
		m.facts.Target.AskedRole = model.NoRole
		if err := t.settle(m, removing, 0); err != nil {
			return err
		}
		group, project := placeIDs(m.place.Place)
		if err := t.exec(dropMemberSQL, userID, project, group); err != nil {
			return err
		}
		return t.recordMember(model.MemberRemoved, m.place, userID, changes{"role": {m.facts.Target.MemberRole.String(), nil}})
	})
}
