package storage

import (
	"context"
	"strings"

	"patrol/git"
	"patrol/model"
)

// readme is the first commit of a project that asks for one (A83), written by
// the actor.
func (t *tx) readme(n model.NewPlace) (c git.FirstCommit, err error) {
	c = git.FirstCommit{Branch: n.DefaultBranch, Text: "# " + n.Name + "\n", At: t.now}
	if n.Description != "" {
		c.Text += "\n" + n.Description + "\n"
	}
	author, _, err := t.user(`u.id = ?`, t.actor.ID())
	c.Author, c.Email = author.Name, author.Email
	return c, err
}

// commitReadme writes the commit into a new repository and records it as a push
// of the actor (G29).
func (db *DB) commitReadme(ctx context.Context, a model.Actor, project int64, c git.FirstCommit) error {
	id, err := c.Write(db.repositories.Folder(project))
	if err != nil {
		return repositoryError(err)
	}
	none := strings.Repeat("0", len(id))
	return db.Pushed(ctx, a, model.Push{ProjectID: project, Refs: []model.RefUpdate{{Name: git.BranchPrefix + c.Branch, Old: none, New: id}}})
}
