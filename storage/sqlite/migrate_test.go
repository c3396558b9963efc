package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/storage"
)

const oldSecret = "glpat-aaaaaaaaaaaaaaaaaaaa"

// rowsSince is what stands in a database of each schema version: rows for the
// tables and columns that its file brought. Who adds a file adds some here.
var rowsSince = map[string][]string{
	"0001_init.sql": {
		`INSERT INTO settings VALUES ('host', 'git.example.org')`,
		`INSERT INTO features VALUES ('resource_access_token', 1)`,
		`INSERT INTO users (id, kind, username, name, email, created_at) VALUES (3, 1, 'mara', 'Mara Lind', 'mara@example.org', 1000), (4, 2, 'project_1_bot', 'deploy', '', 1000)`,
		`INSERT INTO keys (user_id, title, fingerprint, line, added_at) VALUES (3, 'laptop', 'SHA256:x', 'ssh-ed25519 AAAA', 1000)`,
		`INSERT INTO groups (id, top_id, name, visibility, plan, created_at) VALUES (1, 1, 'acme', 2, 'premium', 1000)`,
		`INSERT INTO projects (id, group_id, top_id, name, visibility, flag, creator_id, created_at, updated_at) VALUES (1, 1, 1, 'web', 1, 1, 3, 1000, 1000)`,
		`INSERT INTO routes VALUES ('acme', 'acme', 1, NULL), ('acme/web', 'acme / web', NULL, 1)`,
		`INSERT INTO members (user_id, group_id, project_id, role, created_at, creator_id) VALUES (3, 1, NULL, 50, 1000, 1), (4, NULL, 1, 30, 1000, 3)`,
		`INSERT INTO tokens (id, kind, user_id, project_id, name, scopes, digest, creator_id, created_at, expires_on, family_id) VALUES
			(1, 'project', 4, 1, 'deploy', 'api', zeroblob(32), 3, 1000, '2027-01-01', 0)`,
		`INSERT INTO token_addresses VALUES (1, '10.0.0.1', 1000)`,
		`INSERT INTO pushes (project_id, user_id, token_id, refs, at) VALUES (1, 4, 1, '[]', 1000)`,
	},
	"0002_rotation.sql": {
		`INSERT INTO tokens (id, kind, user_id, project_id, name, scopes, digest, creator_id, created_at, expires_on, family_id) VALUES
			(2, 'project', 4, 1, 'deploy', 'api', unhex(hex(zeroblob(31)) || '01'), 3, 1000, '2027-01-01', 1)`,
		`UPDATE tokens SET replaced_by = 2, replaced_until = 1800000000000 WHERE id = 1`,
	},
	"0003_refusals.sql": {
		`INSERT INTO refusals (token_id, door, asked, rule, reason, first_at, last_at, count, address, request_id) VALUES (1, 'git', 'git push acme/web', 'R23', 'no', 1000, 1000, 1, '10.0.0.1', 'q')`,
		`INSERT INTO refused_since VALUES (1, 'git', 3, 1000)`,
		`INSERT INTO notices (token_id, days, at) VALUES (1, 60, 1000)`,
	},
	"0013_targets.sql": {
		`INSERT INTO targets (name, audit, notice, refused) VALUES ('chat', 1, 1, 1)`,
		`INSERT INTO refused_again (token_id, door, count, at) VALUES (1, 'git', 20, 1000)`,
	},
	"0010_published.sql": {
		`UPDATE tokens SET published_at = 1000 WHERE id = 2`,
		`INSERT INTO pushes (project_id, user_id, token_id, refs, at, unseen_objects, unseen_bytes) VALUES (1, 4, 2, '[]', 1000, 1, 40000000)`,
	},
	"0011_packages.sql": {
		`INSERT INTO packages (id, project_id, name, version, hidden, creator_id, created_at) VALUES (1, 1, 'tool', '1.0', 0, 4, 1000)`,
		`INSERT INTO package_files (package_id, name, size, sha256, file, creator_id, created_at) VALUES (1, 'tool.zip', 5, zeroblob(32), 'abcdef', 4, 1000)`,
	},
	"0005_records.sql": {
		`INSERT INTO issues (id, project_id, iid, title, author_id, created_at, updated_at) VALUES (1, 1, 1, 'Disk full', 4, 1000, 1000)`,
		`INSERT INTO notes (issue_id, body, author_id, created_at) VALUES (1, 'cleaned', 4, 1000)`,
		`INSERT INTO runners (kind, description, paused, locked, run_untagged, tags, access_level, maximum_timeout, maintenance_note, digest, creator_id, created_at)
			VALUES ('instance_type', '', 0, 0, 1, '[]', 'not_protected', 0, '', zeroblob(32), 3, 1000)`,
	},
}

// A database of any older schema version, with data in it, opens as the newest:
// every row as it was, the audit log's chain too (R163), nothing for the check
// to find, and its secrets work.
func TestMigrations(t *testing.T) {
	for version := 1; version <= migrations.Version(); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "patrol.db")
			before := makeOld(t, path, version)
			now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
			db, err := Open(t.Context(), storage.Options{Path: path, Clock: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := git.Repositories(filepath.Join(filepath.Dir(path), "repositories")).Make(1, git.FirstBranch); err != nil {
				t.Fatal(err)
			}
			if version >= 10 { // 0011_packages.sql
				if err := os.MkdirAll(filepath.Join(filepath.Dir(path), "packages", "ab"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(filepath.Dir(path), "packages", "ab", "abcdef"), []byte("hello"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			file, err := sql.Open("sqlite", readerDSN(path, readerCache))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			for query, want := range before {
				if got := dump(t, file, query); got != want {
					t.Errorf("%s:\n%s\ninstead of\n%s", query, got, want)
				}
			}
			if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
				t.Errorf("check: %s, %v", strings.Join(problems, "\n"), err)
			}
			pass, err := db.Authenticate(t.Context(), model.NewSecret(oldSecret))
			if err != nil || !model.Admit(pass.Caller, model.RESTRead, model.DateOf(now)).Allowed {
				t.Errorf("R142: %+v, %v", pass, err)
			}
			_, err = db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: "new", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Developer})
			if err != nil {
				t.Error(err)
			}
			if report, err := db.VerifyAudit(t.Context(), root); err != nil || report.Broken != 0 || report.Entries != 2 {
				t.Errorf("R163: %+v, %v", report, err)
			}
		})
	}
}

// makeOld makes a database of a schema version and gives what is in it: the
// rows by a query for each table.
func makeOld(t *testing.T, path string, version int) map[string]string {
	t.Helper()
	ctx := context.Background()
	if err := makeFile(path, false); err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", writerDSN(path, writerCache))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	run := func(text string, args ...any) {
		t.Helper()
		if _, err := file.ExecContext(ctx, text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, name := range migrations.Names()[:version] {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		run(string(text))
		for _, statement := range rowsSince[filepath.Base(name)] {
			run(statement)
		}
	}
	digest := model.NewSecret(oldSecret).Digest()
	run(`UPDATE tokens SET digest = ? WHERE id = 1`, digest[:])
	hash := sha256.Sum256(append(make([]byte, 32), `[1,1000,0,"",0,"",0,"cli","","token.created","token",1,"",1,0,"",false,""]`...)) // R163
	run(`INSERT INTO audit (number, at, user_id, user, as_id, as_user, token_id, door, address, action, target_kind, target_id, target_path,
		project_id, group_id, change, refused, rule, previous, hash) VALUES (1, 1000, 0, '', 0, '', 0, 'cli', '', 'token.created', 'token', 1, '', 1, 0, '', 0, '', zeroblob(32), ?)`, hash[:])
	if version >= 8 { // 0009_chain_end.sql
		run(`UPDATE chain_end SET number = 1, hash = ?`, hash[:])
	}
	run(fmt.Sprintf(`PRAGMA user_version = %d`, version))

	rows := map[string]string{}
	for _, table := range strings.Fields(dump(t, file, `SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)) {
		columns := strings.Fields(dump(t, file, `SELECT name FROM pragma_table_info('`+table+`')`))
		query := `SELECT "` + strings.Join(columns, `", "`) + `" FROM ` + table
		rows[query] = dump(t, file, query)
	}
	return rows
}

// dump is what a query gives, one line a row, in any order.
func dump(t *testing.T, file *sql.DB, query string) string {
	t.Helper()
	rows, err := file.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values := make([]string, len(columns))
		into := make([]any, len(columns))
		cells := make([]any, len(columns))
		for i := range into {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, cell := range cells {
			values[i] = fmt.Sprint(cell)
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
