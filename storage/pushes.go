package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"patrol/git"
	"patrol/model"
)

// leaks looks for secrets in the texts of a push, and remembers which texts they
// stood in.
type leaks struct {
	*lookup
	text model.PushedText // the one that is read
	in   map[model.Digest][]model.PushedText
}

// maxTextsOf is how many texts are remembered that one secret stands in.
const maxTextsOf = 100

func (l *leaks) secret(text []byte) error {
	digest, may, err := l.may(text)
	if may {
		at := model.PushedText{ID: l.text.ID, Kind: l.text.Kind}
		if known := l.in[digest]; len(known) < maxTextsOf && !slices.Contains(known, at) {
			l.in[digest] = append(known, at)
		}
	}
	if len(l.digests) == 0 { // they were looked up just now
		l.forget()
	}
	return err
}

// forget drops what has turned out to be no secret.
func (l *leaks) forget() {
	maps.DeleteFunc(l.in, func(d model.Digest, _ []model.PushedText) bool { return l.tokens[d] == 0 })
}

// InspectPush finds the secrets of live tokens in a push. Of its texts only
// digests are kept, and those only until they were looked up.
func (db *DB) InspectPush(ctx context.Context, a model.Actor, p model.PushInspection) ([]model.Leak, error) {
	l := &leaks{lookup: newLookup(ctx, db, a), in: map[model.Digest][]model.PushedText{}}
	s := &model.Scanner{Secret: l.secret, Request: func([]byte) error { return nil }}
	err := db.view(ctx, a, func(t *tx) (err error) {
		s.Prefixes, err = t.prefixes()
		return err
	})
	if err != nil {
		return nil, err
	}
	err = p.Texts(ctx, func(text model.PushedText) error {
		l.text = text
		return s.Read(ctx, text.Text)
	})
	if err == nil {
		err = l.flush()
	}
	if err != nil {
		return nil, err
	}
	l.forget()
	found, err := l.published(ctx, p)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return db.leaked(ctx, a, p, found)
}

// published are the live tokens found, where a push would publish them, by id.
func (l *leaks) published(ctx context.Context, p model.PushInspection) (found []model.Leak, err error) {
	for digest, texts := range l.in {
		leak := model.Leak{}
		err := l.db.view(ctx, l.actor, func(t *tx) (err error) {
			leak.Token, _, err = t.tokenBy(`t.id = ?`, l.tokens[digest])
			return err
		})
		if err != nil {
			return nil, err
		}
		if !model.Admit(callerOf(leak.Token), model.NoAccess, model.DateOf(l.db.Now())).Allowed {
			continue // its secret opens nothing (G111)
		}
		for _, text := range texts {
			path, commit, published, err := p.Where(ctx, text)
			if err != nil {
				return nil, err
			}
			if published {
				leak.Path, leak.Commit = path, commit
				found = append(found, leak)
				break
			}
		}
	}
	slices.SortFunc(found, func(a, b model.Leak) int { return int(a.Token.ID - b.Token.ID) })
	return found, nil
}

const publishSQL = `UPDATE tokens SET published_at = ? WHERE id = ? AND published_at IS NULL`

// errPublishes refuses a push.
var errPublishes = &model.Reason{Rule: "G110", Kind: model.ErrDenied, Text: "Live tokens would be published."}

// leaked refuses a push that would publish tokens, or lets it through for who
// may revoke them all. Either is audited (G112, G113).
func (db *DB) leaked(ctx context.Context, a model.Actor, p model.PushInspection, found []model.Leak) ([]model.Leak, error) {
	err := db.change(ctx, a, func(t *tx) error {
		may, err := t.judge(found)
		if err != nil {
			return err
		}
		if !may || !p.Publish {
			return t.refusePush(p.ProjectID, found)
		}
		for _, leak := range found {
			if err := t.exec(publishSQL, t.now.UnixMilli(), leak.Token.ID); err != nil {
				return err
			}
			if err := t.record(model.TokenPublished, aboutToken(leak.Token), map[string]any{"path": leak.Path, "commit": leak.Commit}); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == errPublishes:
		return found, nil
	case err != nil:
		return nil, err
	}
	return nil, nil
}

// judge tells for each leak whether the pusher may see the token, and whether he
// may revoke all of them. Each token may see and revoke itself (R61).
func (t *tx) judge(found []model.Leak) (mayRevoke bool, err error) {
	f := model.Facts{Today: t.today()}
	if f.Caller, err = t.caller(); err != nil {
		return false, err
	}
	mayRevoke = true
	for i, leak := range found {
		if f.Target, err = t.tokenTarget(f.Caller, leak.Token); err != nil {
			return false, err
		}
		own := leak.Token.ID == t.actor.TokenID
		f.Access, f.Action = t.access(model.RESTRead), model.ReadToken
		found[i].Seen = own || model.Decide(f).Allowed
		f.Access, f.Action = t.access(model.RESTWrite), model.RevokeToken
		mayRevoke = mayRevoke && (own || model.Decide(f).Allowed)
	}
	return mayRevoke, nil
}

// refusePush audits a push that is refused.
func (t *tx) refusePush(project int64, found []model.Leak) error {
	p, err := t.findKind(model.ProjectPlace, model.Ref{ID: project})
	if err != nil {
		return err
	}
	var change struct {
		Tokens []int64  `json:"tokens"`
		Paths  []string `json:"paths"`
	}
	for _, leak := range found {
		change.Tokens, change.Paths = append(change.Tokens, leak.Token.ID), append(change.Paths, leak.Path)
	}
	if err := t.refuse(errPublishes.Rule, model.PushRefused, p.about()); err != nil {
		return err
	}
	text, err := json.Marshal(change)
	if err != nil {
		return err
	}
	t.refused.Change = string(text)
	return errPublishes
}

const insertPushSQL = `INSERT INTO pushes (project_id, user_id, token_id, refs, at, unseen_objects, unseen_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)`

const projectPushedSQL = `UPDATE projects SET pushed_at = ?, default_branch = ? WHERE id = ?`

// Pushed records an accepted push under the bot or person (G29, R114). The
// first branch that is pushed into an empty repository becomes its HEAD: main,
// else master, else the first by name (G28).
func (db *DB) Pushed(ctx context.Context, a model.Actor, push model.Push) error {
	branch, err := git.SettleHead(db.repositories.Folder(push.ProjectID), push.Refs)
	if err != nil {
		return err
	}
	if err := git.SweepIncoming(db.repositories.Folder(push.ProjectID)); err != nil {
		db.log.Warn("cannot remove what a killed push has left", "error", err)
	}
	type ref struct {
		Ref string `json:"ref"`
		Old string `json:"old"`
		New string `json:"new"`
	}
	refs := make([]ref, len(push.Refs))
	for i, r := range push.Refs {
		refs[i] = ref{r.Name, r.Old, r.New}
	}
	text, err := json.Marshal(refs)
	if err != nil {
		return err
	}
	return db.change(ctx, a, func(t *tx) error {
		token := sql.NullInt64{Int64: a.TokenID, Valid: a.TokenID != 0}
		if _, err := t.insert(insertPushSQL, push.ProjectID, a.ID(), token, string(text), t.now.UnixMilli(), push.UnseenObjects, push.UnseenBytes); err != nil {
			return err
		}
		return t.exec(projectPushedSQL, t.now.UnixMilli(), sql.NullString{String: branch, Valid: branch != ""}, push.ProjectID)
	})
}
