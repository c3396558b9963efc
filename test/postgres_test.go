package test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// postgresServer is a PostgreSQL of the test's own, in a folder that is removed.
type postgresServer struct {
	bin, folder string
	as          *syscall.Credential // nil: as whoever runs the test
}

// startPostgres starts one, as the user postgres where root runs the test:
// PostgreSQL refuses root.
func startPostgres(t *testing.T) *postgresServer {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is missing: install Debian's postgresql")
	}
	folder, err := os.MkdirTemp("", "patrol-postgres-") // its path must be short: a socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	s := &postgresServer{bin: filepath.Dir(found[len(found)-1]), folder: folder}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32) // numbers, on every system with initdb
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(folder, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.run(t, "initdb", "-D", s.data(), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "patrol")
	s.begin(t)
	t.Cleanup(func() { s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "-w", "stop") })
	return s
}

func (s *postgresServer) data() string { return filepath.Join(s.folder, "data") }

// address is that of one of its databases, over a Unix socket.
func (s *postgresServer) address(database string) string {
	return "postgres://patrol@/" + database + "?host=" + s.folder
}

func (s *postgresServer) begin(t *testing.T) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", s.data(), "-l", filepath.Join(s.folder, "log"), "-w", "-o", "-c listen_addresses= -k "+s.folder, "start")
}

func (s *postgresServer) run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}
