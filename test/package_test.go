package test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// output is what a command prints; one that fails ends the test.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = new(strings.Builder)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, cmd.Stderr)
	}
	return strings.TrimSpace(string(out))
}

// The script builds the program, the Debian package and what the container
// holds; each is whole and runs.
func TestPackage(t *testing.T) {
	deb := output(t, "../packaging/build", "1.2.3")
	root, image := t.TempDir(), filepath.Join(t.TempDir(), "image")

	t.Run("Debian package", func(t *testing.T) {
		if filepath.Base(deb) != "patrol_1.2.3_"+output(t, "dpkg", "--print-architecture")+".deb" {
			t.Errorf("it is called %s", deb)
		}
		if got := output(t, "dpkg-deb", "-f", deb, "Package", "Version", "Depends"); got != "Package: patrol\nVersion: 1.2.3\nDepends: git, adduser" {
			t.Error(got)
		}
		contents := output(t, "dpkg-deb", "-c", deb) + "\n"
		for line := range strings.Lines(contents) {
			if mode, rest, _ := strings.Cut(line, " "); !strings.HasPrefix(rest, "root/root") || strings.ContainsAny(mode[1:], "sStT") || mode[8] == 'w' {
				t.Errorf("owner or mode: %s", line)
			}
		}
		for _, file := range []string{"usr/bin/patrol", "usr/share/man/man1/patrol.1.gz", "usr/share/man/man1/patrol-token-create.1.gz", "usr/share/bash-completion/completions/patrol",
			"usr/share/zsh/vendor-completions/_patrol", "usr/share/fish/vendor_completions.d/patrol.fish", "usr/lib/systemd/system/patrol.service", "etc/default/patrol", "usr/share/doc/patrol/copyright", "usr/share/doc/patrol/running.md"} {
			if !strings.Contains(contents, " ./"+file+"\n") {
				t.Errorf("%s is not in it:\n%s", file, contents)
			}
		}
		output(t, "dpkg-deb", "-x", deb, root)
		for _, script := range []string{"postinst", "prerm", "postrm"} {
			output(t, "sh", "-n", filepath.Join("../packaging/debian", script))
		}
		output(t, "bash", "-n", filepath.Join(root, "usr/share/bash-completion/completions/patrol"))
		if page := output(t, "zcat", filepath.Join(root, "usr/share/man/man1/patrol-serve.1.gz")); !strings.Contains(page, "trusted\\-proxy") && !strings.Contains(page, "trusted-proxy") {
			t.Errorf("the page of serve: %s", page)
		}
	})

	t.Run("program", func(t *testing.T) {
		program := filepath.Join(root, "usr/bin/patrol")
		commit := output(t, "git", "rev-parse", "HEAD")
		if got := output(t, program, "--version"); got != "patrol version 1.2.3 ("+commit[:11]+")" {
			t.Error(got)
		}
		if out, err := exec.Command("ldd", program).CombinedOutput(); err == nil {
			t.Errorf("it is not static: %s", out)
		}
		database := filepath.Join(t.TempDir(), "patrol.db")
		serves(t, func(args ...string) *exec.Cmd {
			return exec.Command(program, append([]string{"--db", database}, args...)...)
		})
	})

	// The same commit in another folder gives the same bytes.
	t.Run("again", func(t *testing.T) {
		build := func(name string) string {
			clone := filepath.Join(t.TempDir(), name)
			output(t, "git", "clone", "-q", "..", clone)
			return output(t, filepath.Join(clone, "packaging/build"), "1.2.3")
		}
		committed := deb
		if output(t, "git", "-C", "..", "status", "--porcelain") != "" { // what is here isn't the commit
			committed = build("here")
		}
		output(t, "cmp", committed, build("elsewhere"))
	})

	// Where the container has no shell and no folder but its own.
	t.Run("image", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Fatal("only root can change the root folder: run the tests in test/ as root")
		}
		output(t, "../packaging/image", "../packaging/out/patrol", image)
		// As containers are run: with a /proc and a /dev, mounted for this process only.
		output(t, "mkdir", filepath.Join(image, "proc"), filepath.Join(image, "dev"))
		in := func(args ...string) *exec.Cmd {
			cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot --userspec 10001:10001 "$0" /usr/bin/patrol "$@"`, image}, args...)...)
			cmd.Env = []string{"HOME=/data", "PATH=" + os.Getenv("PATH"), "PATROL_DB=/data/patrol.db"}
			return cmd
		}
		serves(t, in)
	})

	// systemd's own judgement.
	t.Run("unit", func(t *testing.T) {
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			t.Fatalf("systemd-analyze is missing: install Debian's systemd: %v", err)
		}
		for _, unit := range []string{"patrol.service", "patrol.socket"} {
			text, err := os.ReadFile(filepath.Join("../packaging", unit))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), unit)
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "/usr/bin/patrol", filepath.Join(root, "usr/bin/patrol"))), 0o644); err != nil {
				t.Fatal(err)
			}
			if unit == "patrol.socket" { // it wants its service beside it
				output(t, "cp", "../packaging/patrol.service", filepath.Dir(file))
				output(t, "sed", "-i", "s,/usr/bin/patrol,"+filepath.Join(root, "usr/bin/patrol")+",", filepath.Join(filepath.Dir(file), "patrol.service"))
			}
			cmd := exec.Command("systemd-analyze", "verify", "--man=no", file)
			if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), unit) {
				t.Errorf("%s: %v\n%s", unit, err, out)
			}
		}
	})
}

// serves starts a server, clones a public project that it makes by it, and ends it.
func serves(t *testing.T, patrol func(args ...string) *exec.Cmd) {
	t.Helper()
	if out, err := patrol("project", "add", "acme/web", "--visibility", "public").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := patrol("serve", "--http", "127.0.0.1:0", "--ssh", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	lines, said := bufio.NewScanner(stderr), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if address, ok := strings.CutPrefix(lines.Text(), "http: listening on "); ok {
			answer, err := http.Get("http://" + address + "/-/readiness")
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Fatalf("%v, %v", answer, err)
			}
			answer.Body.Close()
			output(t, "git", "clone", "-q", "http://"+address+"/acme/web.git", filepath.Join(t.TempDir(), "web"))
			return
		}
	}
	t.Fatalf("it ended without listening: %s", said)
}
