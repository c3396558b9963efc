package storage

import (
	"database/sql"
	"encoding/hex"
	"strings"
	"time"

	"patrol/model"
)

func (l *tokenLine) check(now time.Time) error {
	var w wrong
	kind := l.owner(&w)
	name, text := model.CleanName(l.Name, false)
	l.Name = name
	w.add("R50", "name", text)
	if l.Description != nil {
		w.add("R51", "description", model.CheckDescription(*l.Description))
	}
	l.checkScopes(&w, kind)
	if kind == model.PersonalToken {
		l.checkPersonal(&w)
	} else {
		l.checkBot(&w, kind)
	}
	if l.ExpiresAt != nil {
		checkDate(&w, *l.ExpiresAt)
	}
	checkTime(&w, "created_at", &l.CreatedAt, now)
	checkTime(&w, "last_used_at", &l.LastUsedAt, now)
	l.checkDigest(&w)
	return w.err()
}

// owner is the kind of token, by what it belongs to.
func (l *tokenLine) owner(w *wrong) (kind model.TokenKind) {
	found := 0
	for _, o := range []struct {
		name string
		kind model.TokenKind
	}{{l.Project, model.ProjectToken}, {l.Group, model.GroupToken}, {l.User, model.PersonalToken}} {
		if o.name != "" {
			kind = o.kind
			found++
		}
	}
	if found != 1 {
		w.add("R40", "project", "or group or user must be given, and one of them only")
	}
	return kind
}

func (l *tokenLine) checkScopes(w *wrong, kind model.TokenKind) {
	scopes := model.NewScopes(l.Scopes)
	switch {
	case len(scopes) == 0:
		w.add("R52", "scopes", "can't be blank")
	case scopes.Unknown(kind) != nil:
		w.add("R52", "scopes", "does not have a valid value")
	}
	l.Scopes = l.Scopes[:0]
	for _, s := range scopes {
		l.Scopes = append(l.Scopes, string(s))
	}
}

func (l *tokenLine) checkPersonal(w *wrong) {
	if l.Username != "" || l.Role != "" || l.External {
		w.add("R98", "username", "and role and external are for the bots of project and group tokens")
	}
}

func (l *tokenLine) checkBot(w *wrong, kind model.TokenKind) {
	if l.Username != "" {
		of := model.ProjectPlace
		if kind == model.GroupToken {
			of = model.GroupPlace
		}
		w.add("R103", "username", model.CheckBotUsername(of, l.Username))
	}
	role := model.Maintainer // the seeds' old fixed role (R98)
	if l.Role != "" {
		var err error
		if role, err = model.ParseRole(l.Role); err != nil {
			w.add("R53", "role", "must be guest, planner, reporter, developer, maintainer or owner")
		}
	}
	l.Role = roleText(role)
}

// checkDigest leaves the digest of a secret in its place (R142).
func (l *tokenLine) checkDigest(w *wrong) {
	secret := model.NewSecret(l.Secret)
	l.Secret = ""
	switch {
	case secret.Empty() == (l.SHA256 == ""):
		w.add("R98", "sha256", "or secret must be given, and one of them only")
	case secret.Empty():
		if digest, err := hex.DecodeString(l.SHA256); err != nil || len(digest) != len(model.Digest{}) {
			w.add("R142", "sha256", "must be 64 hexadecimal digits")
		}
		l.SHA256 = strings.ToLower(l.SHA256)
	case !presentable(secret.Reveal()):
		w.add("R144", "secret", "must be at most 512 printable ASCII characters without blanks")
	default:
		digest := secret.Digest()
		l.SHA256 = hex.EncodeToString(digest[:])
	}
}

// presentable tells whether a text can be credentials at all (R144).
func presentable(secret string) bool {
	return len(secret) <= model.MaxSecretLength && !strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' })
}

const tokenLinesSQL = `SELECT t.id, t.kind, coalesce(rp.path, rg.path, ''), u.username, t.name, t.description, t.scopes, coalesce(m.role, u.former_role, 0),
	t.expires_on, t.created_at, t.last_used_at, t.revoked_at IS NOT NULL, t.replaced_until, u.external, t.digest
	FROM tokens t JOIN users u ON u.id = t.user_id LEFT JOIN members m ON m.user_id = t.user_id AND u.kind = 2
	LEFT JOIN routes rp ON rp.project_id = t.project_id LEFT JOIN routes rg ON rg.group_id = t.group_id WHERE `

// scanTokenLine reads a row of tokenLinesSQL.
func (t *tx) scanTokenLine(scan func(...any) error) (l *tokenLine, id int64, err error) {
	l = &tokenLine{Type: "token"}
	var (
		kind                          model.TokenKind
		path, username, scopes, until string
		description                   sql.NullString
		role                          model.Role
		created                       int64
		used, replaced                sql.NullInt64
		external                      bool
		digest                        []byte
	)
	err = scan(&id, &kind, &path, &username, &l.Name, &description, &scopes, &role, &until, &created, &used, &l.Revoked, &replaced, &external, &digest)
	if description.Valid {
		l.Description = &description.String
	}
	l.Scopes, l.ExpiresAt, l.SHA256 = strings.Fields(scopes), &until, hex.EncodeToString(digest)
	l.CreatedAt = time.UnixMilli(created).UTC().Format(lineTime)
	if used.Valid {
		l.LastUsedAt = timeOf(used).Format(lineTime)
	}
	if replaced.Valid { // R69: a line knows no hours, and must not let it live longer
		until = min(until, model.DateOf(timeOf(replaced)).String())
		l.Revoked = l.Revoked || !t.now.Before(timeOf(replaced))
	}
	switch kind {
	case model.ProjectToken:
		l.Project = path
	case model.GroupToken:
		l.Group = path
	default:
		l.User = username
		return l, id, err
	}
	l.Username, l.Role, l.External = username, roleText(role), external
	return l, id, err
}

const expiryAddedSQL = `SELECT EXISTS (SELECT 1 FROM audit WHERE target_kind = 'token' AND target_id = ? AND action = 'token.expiry_added' AND NOT refused)`

// compare refuses a token that is there already with other values. What a line
// leaves out is no difference, nor is what time alone has done since: the token
// was used, or expired and was cleaned up (R122).
func (l *tokenLine) compare(t *tx, there *tokenLine, id int64) error {
	if l.Username == "" {
		there.Username = ""
	}
	if l.CreatedAt == "" {
		there.CreatedAt = ""
	}
	if l.LastUsedAt < there.LastUsedAt {
		there.LastUsedAt = l.LastUsedAt
	}
	if there.Revoked && *there.ExpiresAt <= t.today().String() {
		there.Revoked = l.Revoked
	}
	if l.ExpiresAt == nil {
		added, err := t.is(expiryAddedSQL, id)
		if err != nil {
			return err
		}
		if added { // R97: once
			l.ExpiresAt = there.ExpiresAt
		}
	}
	return sameAs(there, l, "a token with this secret")
}
