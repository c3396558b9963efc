package test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// Ansible's modules for GitLab make groups, projects, users and members, find
// nothing to do when they come again, and take all of it away.
func TestAnsible(t *testing.T) {
	p := start(t)
	home := t.TempDir()
	for _, c := range []struct{ book, recap string }{
		{"present.yml", `ok=7 +changed=7 .*failed=0`},
		{"present.yml", `ok=7 +changed=0 .*failed=0`},
		{"absent.yml", `ok=9 +changed=9 .*failed=0`},
	} {
		cmd := exec.CommandContext(t.Context(), "ansible-playbook", "-i", "localhost,", "ansible/"+c.book)
		cmd.Env = append(os.Environ(), "HOME="+home, "LC_ALL=C.UTF-8", "PATROL_URL="+p.url, "PATROL_ADMIN="+p.admin)
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(c.recap).Match(out) {
			t.Fatalf("%s: %v, want %s\n%s", c.book, err, c.recap, out)
		}
	}
}
