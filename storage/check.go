package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"patrol/git"
	"patrol/model"
)

// invariant is a query that finds what must not be: each row is the number or
// the name of one thing that breaks it.
type invariant struct{ text, query string }

var invariants = []invariant{
	{"token %v is live without its bot as a member of its place (R100)", `SELECT t.id FROM tokens t WHERE t.revoked_at IS NULL AND t.kind <> 'personal'
		AND NOT EXISTS (SELECT 1 FROM users u JOIN members m ON m.user_id = u.id WHERE u.id = t.user_id AND u.kind = 2 AND u.deleted_at IS NULL
			AND m.project_id IS NOT DISTINCT FROM t.project_id AND m.group_id IS NOT DISTINCT FROM t.group_id)`},
	{"token %v is live without its owner (R152)", `SELECT t.id FROM tokens t JOIN users u ON u.id = t.user_id
		WHERE t.kind = 'personal' AND t.revoked_at IS NULL AND (u.kind <> 1 OR u.deleted_at IS NOT NULL)`},
	{"bot %v doesn't have exactly one membership (R100)", `SELECT u.id FROM users u WHERE u.kind = 2 AND u.deleted_at IS NULL
		AND (SELECT count(*) FROM members m WHERE m.user_id = u.id) <> 1`},
	{"bot %v has no token (R120)", `SELECT u.id FROM users u WHERE u.kind = 2 AND u.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.user_id = u.id)`},
	{"user %v is deleted and still a member (R120, R132)", `SELECT u.id FROM users u WHERE u.deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id)`},
	{"the Ghost User is missing or not alone (R130)", `SELECT 0 WHERE (SELECT count(*) FROM users WHERE kind = 3 AND deleted_at IS NULL) <> 1`},
	{"project %v has no path (R7)", `SELECT p.id FROM projects p WHERE NOT EXISTS (SELECT 1 FROM routes r WHERE r.project_id = p.id)`},
	{"group %v has no path (R7)", `SELECT g.id FROM groups g WHERE NOT EXISTS (SELECT 1 FROM routes r WHERE r.group_id = g.id)`},
	{"the path %v isn't one part below its parent's (R7)", `SELECT r.path FROM routes r LEFT JOIN groups g ON g.id = r.group_id LEFT JOIN projects p ON p.id = r.project_id
		LEFT JOIN routes a ON a.group_id = coalesce(p.group_id, g.parent_id)
		WHERE substr(r.path, coalesce(length(a.path) + 2, 1)) LIKE '%/%' OR a.path IS NOT NULL AND substr(r.path, 1, length(a.path) + 1) <> a.path || '/'`},
	{"the full name of %v doesn't fit its parent's (R2)", `SELECT r.path FROM routes r LEFT JOIN groups g ON g.id = r.group_id LEFT JOIN projects p ON p.id = r.project_id
		LEFT JOIN routes a ON a.group_id = coalesce(p.group_id, g.parent_id) WHERE r.name <> coalesce(a.name || ' / ', '') || coalesce(g.name, p.name)`},
	{"group %v names the wrong top-level group (R2)", `SELECT g.id FROM groups g LEFT JOIN groups a ON a.id = g.parent_id WHERE g.top_id <> coalesce(a.top_id, g.id)`},
	{"project %v names the wrong top-level group (R2)", `SELECT p.id FROM projects p JOIN groups g ON g.id = p.group_id WHERE p.top_id <> g.top_id`},
	{"group %v is wider than its parent (R4)", `SELECT g.id FROM groups g JOIN groups a ON a.id = g.parent_id WHERE g.visibility > a.visibility`},
	{"project %v is wider than its group (R4)", `SELECT p.id FROM projects p JOIN groups g ON g.id = p.group_id WHERE p.visibility > g.visibility`},
	{"numbers of %v may be given twice (R6)", `SELECT name FROM (SELECT 'users' AS name, max(id) AS last FROM users UNION ALL SELECT 'groups', max(id) FROM groups
		UNION ALL SELECT 'projects', max(id) FROM projects UNION ALL SELECT 'tokens', max(id) FROM tokens) AS used
		WHERE last > coalesce((SELECT last FROM {numbers} AS given WHERE given.name = used.name), 0)`},
}

// maxProblems bounds what one kind of problem adds to a report.
const maxProblems = 10

// Check looks whether the database is sound: the file, the rules that always
// hold, the audit log's chain, a repository for every project, and the files of
// every package. It changes nothing and gives each problem as one line.
func (db *DB) Check(ctx context.Context) (problems []string, err error) {
	report := func(text string, args ...any) { problems = append(problems, fmt.Sprintf(text, args...)) }
	steps := []func(*tx) error{func(t *tx) error { return db.engine.CheckFile(t.ctx, t.conn.c, report) }}
	for _, i := range invariants {
		steps = append(steps, func(t *tx) error { return t.checkInvariant(i, report) })
	}
	for n, step := range steps { // a snapshot each: a long one would hold up the write-ahead log
		if err := db.view(ctx, model.Actor{Door: model.SystemDoor}, step); err != nil || n == 0 && len(problems) > 0 {
			return problems, err // in a damaged file nothing else can be relied on
		}
	}
	audit, err := db.verify(ctx)
	if err != nil {
		return problems, err
	}
	if audit.Broken != 0 {
		report("audit log: %s", audit.Problem)
	}
	files := db.packageFiles() // before the rows are read: what comes in since isn't looked for
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		return errors.Join(t.checkRepositories(report), t.checkPackages(files, report))
	})
	return problems, err
}

func (t *tx) checkInvariant(i invariant, report func(string, ...any)) error {
	return t.rows(i.query+fmt.Sprintf(` LIMIT %d`, maxProblems), nil, func(scan func(...any) error) error {
		var broken any
		err := scan(&broken)
		switch {
		case err != nil:
		case strings.Contains(i.text, "%v"):
			report(i.text, broken)
		default:
			report("%s", i.text)
		}
		return err
	})
}

const projectNumbersSQL = `SELECT id FROM projects ORDER BY id`

// checkRepositories finds projects without a repository, and repositories
// without a project. One with a number that was never given belongs to a
// project whose making was cut off; the next project gets it.
func (t *tx) checkRepositories(report func(string, ...any)) error {
	if t.db.foreign != nil {
		report("%s", t.db.foreign.Text)
		return nil
	}
	there := map[string]bool{git.TrashName: true, markerName: true}
	err := t.rows(projectNumbersSQL, nil, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		folder := t.db.repositories.Folder(id)
		there[filepath.Base(folder)] = true
		if problem := git.Problem(folder); err == nil && problem != "" {
			report("repository %s of project %d %s", folder, id, problem)
		}
		return err
	})
	if err != nil {
		return err
	}
	last, err := t.int(lastIDSQL, "projects")
	if err != nil {
		return err
	}
	entries, _ := os.ReadDir(string(t.db.repositories)) // no folder: no project either, or each was reported
	for _, e := range entries {
		number, _ := strings.CutSuffix(e.Name(), ".git")
		id, ok := model.ParseID(number)
		if there[e.Name()] || ok && id > last {
			continue
		}
		if ok && t.db.repositories.IsMarked(id) {
			continue // the next start removes it
		}
		report("%s belongs to no project", filepath.Join(string(t.db.repositories), e.Name()))
	}
	return nil
}
