package storage

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"patrol/model"
	"patrol/sshkey"
)

func (l *settingLine) check(time.Time) error {
	if l.Key == model.FeatureName {
		if l.Value != "on" && l.Value != "off" {
			return model.Invalid("R70", model.Field{Key: "value", Text: "must be on or off"})
		}
		return nil
	}
	return model.CheckSetting(l.Key, l.Value)
}

// apply sets what still has its default: that is what a setting is before
// anybody has set it. The feature flag's global value (R70) is a setting here.
func (l *settingLine) apply(im *importing) (bool, error) {
	value, byDefault, err := im.t.settingNow(l.Key)
	switch {
	case err != nil || value == l.Value:
		return false, err
	case !byDefault:
		return false, sameAs(&settingLine{l.Type, l.Key, value}, l, "the setting "+l.Key)
	case l.Key == model.FeatureName:
		on := l.Value == "on"
		return true, im.t.setGlobalFlag(about{kind: "feature", path: model.FeatureName}, &on)
	}
	_, err = im.t.set(l.Key, l.Value)
	return true, err
}

// settingNow is a setting's value, and whether it is the default.
func (t *tx) settingNow(key string) (value string, byDefault bool, err error) {
	if key == model.FeatureName {
		var flag sql.NullBool
		_, err := t.row(featureSQL, []any{model.FeatureName}, &flag)
		return flagText(flag), !flag.Valid, err
	}
	in, err := t.instance()
	if err != nil {
		return "", false, err
	}
	value = in.settings[key]
	return value, value == settingOf(key, "").Default, nil
}

func (l *userLine) check(time.Time) error {
	var w wrong
	w.add("R7", "username", model.CheckUsername(l.Username))
	name, text := model.CleanName(l.Name, true)
	l.Name = name
	w.add("R50", "name", text)
	if l.Email != "" {
		w.add("R5", "email", model.CheckEmail(l.Email))
	}
	for i, text := range l.SSHKeys {
		key, wrong := parseKey(text)
		w.add("R5", "ssh_keys", wrong)
		l.SSHKeys[i] = keyLine(key.Line, key.Title)
	}
	return w.err()
}

// parseKey reads a public key as it stands in authorized_keys, with its comment
// but without options. What is wrong with it is told like the value of a field.
func parseKey(text string) (key model.NewKey, wrong string) {
	key, err := sshkey.Parse([]byte(text))
	if err != nil {
		return key, "must be public SSH keys as in authorized_keys, without options: ed25519, ECDSA, or RSA of 2048 bits or more"
	}
	if key.Title, wrong = model.CleanName(key.Title, true); wrong != "" {
		wrong = "has a comment that " + wrong
	}
	return key, wrong
}

// keyLine is a key with its title as a comment.
func keyLine(line, title string) string { return strings.TrimSuffix(line+" "+title, " ") }

const userLinesSQL = `SELECT u.id, u.kind, u.username, u.name, u.email, u.admin, u.auditor, u.external, u.blocked,
	(SELECT string_agg(k.line || ' ' || k.title, '
' ORDER BY k.id) FROM keys k WHERE k.user_id = u.id) FROM users u WHERE `

// scanUserLine reads a row of userLinesSQL.
func scanUserLine(scan func(...any) error) (l *userLine, id int64, kind model.UserKind, err error) {
	l = &userLine{Type: "user"}
	var keys sql.NullString
	err = scan(&id, &kind, &l.Username, &l.Name, &l.Email, &l.Admin, &l.Auditor, &l.External, &l.Blocked, &keys)
	for text := range strings.Lines(keys.String) {
		l.SSHKeys = append(l.SSHKeys, strings.TrimRight(text, " \n"))
	}
	return l, id, kind, err
}

func (l *userLine) apply(im *importing) (bool, error) {
	in, err := im.t.instance()
	if err != nil {
		return false, err
	}
	if l.Email == "" {
		l.Email = l.Username + "@" + in.host()
	}
	var there *userLine
	var id int64
	var kind model.UserKind
	err = im.t.rows(userLinesSQL+`u.username = ? AND (u.deleted_at IS NULL OR u.kind = 2)`, []any{l.Username}, func(scan func(...any) error) (err error) {
		there, id, kind, err = scanUserLine(scan)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case there == nil:
		return true, im.t.addPerson(l)
	case kind != model.Human:
		return false, model.Taken("username", "Username has already been taken")
	case id == model.RootID && len(differences(there, &newRoot)) == 0 && len(differences(there, l)) > 0:
		im.root = true
		return true, im.t.becomeRoot(l)
	}
	return false, sameAs(there, l, "the user "+l.Username)
}

// newRoot is root as every new database has him. Until somebody changes him
// here, a line may say who he is.
var newRoot = userLine{Type: "user", Username: "root", Email: "root@localhost", Admin: true}

func (t *tx) becomeRoot(l *userLine) error {
	if l.Email != newRoot.Email {
		if err := t.unused(emailTakenSQL, l.Email, "email", "Email has already been taken"); err != nil {
			return err
		}
	}
	if err := t.exec(updateUserSQL, l.Name, l.Email, l.Admin, l.Auditor, l.External, l.Blocked, model.RootID); err != nil {
		return err
	}
	made := changes{}
	old := newRoot
	alter(made, "name", &old.Name, &l.Name)
	alter(made, "email", &old.Email, &l.Email)
	alter(made, "admin", &old.Admin, &l.Admin)
	alter(made, "auditor", &old.Auditor, &l.Auditor)
	alter(made, "external", &old.External, &l.External)
	alter(made, "blocked", &old.Blocked, &l.Blocked)
	if len(made) > 0 {
		if err := t.record(model.UserChanged, about{kind: "user", id: model.RootID, path: old.Username}, made); err != nil {
			return err
		}
	}
	return t.addKeyLines(model.RootID, l)
}

// keepAdmin refuses an import after which nobody could administer the instance.
func (im *importing) keepAdmin() error {
	if !im.root {
		return nil
	}
	admins, err := im.t.int(otherAdminsSQL, 0)
	if err == nil && admins == 0 {
		err = &model.Reason{Rule: "R33", Kind: model.ErrConflict, Text: "no administrator would be left who isn't blocked; nothing was imported"}
	}
	return err
}

const blockSQL = `UPDATE users SET blocked = TRUE WHERE id = ?`

func (t *tx) addPerson(l *userLine) error {
	n, err := t.checkUser(model.NewUser{Username: l.Username, Name: l.Name, Email: l.Email})
	if err != nil {
		return err
	}
	id, err := t.insert(insertUserSQL, n.Username, n.Name, n.Email, l.Admin, l.Auditor, l.External, t.now.UnixMilli())
	if err != nil {
		return err
	}
	if l.Blocked {
		if err := t.exec(blockSQL, id); err != nil {
			return err
		}
	}
	made := map[string]any{"name": n.Name, "email": n.Email, "admin": l.Admin, "auditor": l.Auditor, "external": l.External, "blocked": l.Blocked}
	if err := t.record(model.UserCreated, about{kind: "user", id: id, path: n.Username}, made); err != nil {
		return err
	}
	return t.addKeyLines(id, l)
}

func (t *tx) addKeyLines(user int64, l *userLine) error {
	for _, text := range l.SSHKeys {
		key, _ := parseKey(text) // checked before
		if _, err := t.addKey(user, l.Username, key); err != nil {
			return err
		}
	}
	return nil
}

func (l *memberLine) check(time.Time) error {
	var w wrong
	role, err := model.ParseRole(l.Role)
	if err != nil {
		w.add("R9", "role", "must be guest, planner, reporter, developer, maintainer or owner")
	}
	l.Role = roleText(role)
	if l.ExpiresAt != "" {
		checkDate(&w, l.ExpiresAt)
	}
	return w.err()
}

func roleText(r model.Role) string { return strings.ToLower(r.String()) }

func checkDate(w *wrong, text string) {
	if _, err := model.ParseDate(text); err != nil {
		w.add("R98", "expires_at", err.Error())
	}
}

// Bots' memberships come with their tokens.
const memberLinesSQL = `SELECT coalesce(rp.path, rg.path), u.username, m.role, coalesce(m.expires_on, '') FROM members m JOIN users u ON u.id = m.user_id
	LEFT JOIN routes rp ON rp.project_id = m.project_id LEFT JOIN routes rg ON rg.group_id = m.group_id WHERE u.kind = 1`

func scanMemberLine(scan func(...any) error) (*memberLine, error) {
	l := &memberLine{Type: "member"}
	var role model.Role
	err := scan(&l.Path, &l.Username, &role, &l.ExpiresAt)
	l.Role = roleText(role)
	return l, err
}

// apply takes a membership as it is: it may be over, and lower than one in a
// group above, which came later (R11).
func (l *memberLine) apply(im *importing) (bool, error) {
	p, err := im.place(model.NoPlace, l.Path)
	if err != nil {
		return false, err
	}
	user, err := im.person(l.Username)
	if err != nil {
		return false, err
	}
	group, project := placeIDs(p.Place)
	var there *memberLine
	err = im.t.rows(memberLinesSQL+` AND m.user_id = ? AND (m.project_id = ? OR m.group_id = ?)`, []any{user, project, group}, func(scan func(...any) error) (err error) {
		there, err = scanMemberLine(scan)
		return err
	})
	if err != nil {
		return false, err
	}
	if there != nil {
		return false, sameAs(there, l, fmt.Sprintf("the membership of %s in %s", l.Username, p.path))
	}
	role, _ := model.ParseRole(l.Role) // checked before, and the date
	ends, _ := model.ParseDate(l.ExpiresAt)
	return true, im.t.addMember(p, user, role, ends)
}
