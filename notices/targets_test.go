package notices

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The file of targets holds secrets: nobody else may read it, what is wrong with
// it is said with the target's name and never with what stands there.
func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notices.json")
	if list, err := Load(file, true); err != nil || list != nil {
		t.Errorf("no file: %v, %v", list, err)
	}
	if _, err := Load(file, false); err == nil {
		t.Error("a file that was named may be missing")
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(pipe, false); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a pipe: %v", err)
	}
	write := func(text string, mode os.FileMode) error {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Load(file, true)
		return err
	}
	good := `[{"name":"chat","type":"webhook","url":"https://chat.example.org/hook/hunter2","secret":"hunter2"},
		{"name":"mail","type":"mail","server":"smtp.example.org:587","username":"u","password":"hunter2","from":"Patrol <patrol@example.org>","to":["a@example.org"]},
		{"name":"run","type":"hook","file":"/bin/true","events":["expiring","expired"]}, {"name":"log","type":"log"}]`
	for _, mode := range []os.FileMode{0o600, 0o400, 0o640} {
		if err := write(good, mode); err != nil {
			t.Errorf("mode %o: %v", mode, err)
		}
		os.Remove(file)
	}
	for _, mode := range []os.FileMode{0o644, 0o660, 0o604} {
		if err := write(good, mode); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	for text, want := range map[string]string{
		`{"hunter2"`:            "near line 1",
		`[{"hunter2":1}]`:       "near line",
		good + `hunter2`:        "stands behind",
		`[{"name":"Hunter2!"}]`: "target 1 needs a name",
		`[{"name":"a","type":"log"},{"name":"a","type":"log"}]`:                                                         "target 2 needs a name of its own",
		`[{"name":"a","type":"hunter2"}]`:                                                                               "target a: type is",
		`[{"name":"a","type":"log","events":["hunter2"]}]`:                                                              "target a: events are",
		`[{"name":"a","type":"webhook","url":"http://example.org/hunter2","secret":"x"}]`:                               "target a: url must be https",
		`[{"name":"a","type":"webhook","url":"https://u:hunter2@example.org/","secret":"x"}]`:                           "without a user name",
		`[{"name":"a","type":"webhook","url":"ftp://hunter2","secret":"x"}]`:                                            "https address",
		`[{"name":"a","type":"webhook","url":"https://example.org/hunter2"}]`:                                           "needs a secret",
		`[{"name":"a","type":"webhook","url":"https://example.org/","secret":"whsec_hunter2!"}]`:                        "no base64",
		`[{"name":"a","type":"webhook","url":"https://example.org/hunter2","secret":"whsec_"}]`:                         "nothing follows",
		`[{"name":"a","type":"webhook","url":"https://example.org/","token":"hunter2\r\nX: y"}]`:                        "token can't be sent",
		`[{"name":"a","type":"mail","server":"hunter2","from":"a@example.org"}]`:                                        "HOST:PORT",
		`[{"name":"a","type":"mail","server":"example.org:25","tls":"none","from":"a@example.org"}]`:                    "on this machine",
		`[{"name":"a","type":"mail","server":"example.org:25","password":"hunter2","from":"a@example.org"}]`:            "belong together",
		`[{"name":"a","type":"mail","server":"example.org:25","from":"hunter2"}]`:                                       "from is no",
		`[{"name":"a","type":"mail","server":"example.org:25","from":"a@example.org","to":["hunter2\r\nRCPT TO:<x>"]}]`: "to holds",
		`[{"name":"a","type":"hook"}]`:                                                                                  "needs a file",
		`[{"name":"a","type":"hook","file":"hunter2"}]`:                                                                 "can't be run",
	} {
		if err := write(text, 0o600); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []Target{{Type: "webhook", URL: "https://chat.example.org/hook/hunter2"}, {Type: "mail", Server: "x:25", Password: "hunter2"}} {
		if where := target.Where(); where == "" || strings.Contains(where, "hunter2") {
			t.Errorf("shown as %q", where)
		}
	}
}
