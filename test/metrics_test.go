package test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promtool is Prometheus' own judge, of Debian's package prometheus.
func promtool(t *testing.T, input io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Stdin = input
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("G99: promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// G99: Prometheus can read what the server says after real requests, and finds
// nothing to say against it.
func TestPromtoolReadsMetrics(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	secret := p.run(t, "token", "create", "--project", "acme/web", "--name", "deploy", "--scope", "api", "--role", "developer")
	for _, path := range []string{"/api/v4/user", "/api/v4/projects/acme%2Fweb/access_tokens", "/acme/web.git/info/refs?service=git-upload-pack", "/%22%7D%0Aevil"} {
		r, err := http.NewRequest("GET", p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("PRIVATE-TOKEN", secret)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	answer, err := http.Get(p.url + "/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("G99: %s, %v", answer.Status, err)
	}
	if out := promtool(t, strings.NewReader(string(text)), "check", "metrics"); out != "" {
		t.Errorf("G99: promtool check metrics says\n%s", out)
	}
	if strings.Contains(string(text), "evil") || strings.Contains(string(text), "acme") || !strings.Contains(string(text), "\npatrol_ssh_sessions 0\n") {
		t.Errorf("G99: %s", text)
	}
	documented(t, string(text))
}

var metricNames = regexp.MustCompile("`(patrol_[a-z_]+)`")

// documented compares the metrics with docs/metrics.md.
func documented(t *testing.T, text string) {
	t.Helper()
	document, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range metricNames.FindAllStringSubmatch(string(document), -1) {
		named[name[1]] = true
	}
	for line := range strings.Lines(text) {
		var name, kind string
		if n, _ := fmt.Sscanf(line, "# TYPE %s %s", &name, &kind); n == 2 && strings.HasPrefix(name, "patrol_") {
			if !named[name] {
				t.Errorf("docs/metrics.md doesn't name %s", name)
			}
			delete(named, name)
		}
	}
	for name := range named {
		t.Errorf("docs/metrics.md names %s, which isn't there", name)
	}
}

// The configurations and alerts of docs/metrics.md are such as Prometheus takes.
func TestPromtoolReadsDocument(t *testing.T) {
	document, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for i, part := range strings.Split(string(document), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		kind := "rules"
		args := []string{"check", "rules"}
		if strings.HasPrefix(text, "scrape_configs:") {
			kind, args = "config", []string{"check", "config", "--syntax-only"}
		}
		kinds[kind]++
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.yml", i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := promtool(t, nil, append(args, file)...); !strings.Contains(out, "SUCCESS") || kind == "rules" && !strings.Contains(out, "4 rules") {
			t.Errorf("%s: %s", text, out)
		}
	}
	if kinds["config"] != 2 || kinds["rules"] != 1 {
		t.Errorf("docs/metrics.md has %v", kinds)
	}
}
