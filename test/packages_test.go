package test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go"
)

// counting gives bytes that are nowhere the same, and their sum.
type counting struct {
	at, size int64
	sum      hash.Hash
}

func (c *counting) Read(b []byte) (int, error) {
	if c.at == c.size {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), c.size-c.at)]
	for i := range b {
		at := c.at + int64(i)
		b[i] = byte(at>>16) ^ byte(at>>8) ^ byte(at)
	}
	c.at += int64(len(b))
	c.sum.Write(b)
	return len(b), nil
}

// G74, G71: 300 MB go in and out without the server holding them; curl resumes a
// download that was cut off.
func TestLargePackage(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	token := p.run(t, "token", "create", "--project", "acme/web", "--name", "publish", "--scope", "api", "--role", "developer")
	url := p.url + "/api/v4/projects/acme%2Fweb/packages/generic/tool/1.0/tool.bin"
	ask := func(method, url string, body io.Reader) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, url, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Private-Token", token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	ask("PUT", url+"-small", strings.NewReader("x")).Body.Close()
	before := p.memory(t)
	const size = 300 << 20
	body := &counting{size: size, sum: sha256.New()}
	answer := ask("PUT", url, body)
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("G70: %s", answer.Status)
	}
	answer = ask("GET", url, nil)
	sum := sha256.New()
	n, err := io.Copy(sum, answer.Body)
	answer.Body.Close()
	if err != nil || n != size || !bytes.Equal(sum.Sum(nil), body.sum.Sum(nil)) || answer.Header.Get("X-Checksum-Sha256") != fmt.Sprintf("%x", body.sum.Sum(nil)) {
		t.Errorf("G71: %d bytes, %v", n, err)
	}
	const most = 24 // MiB; a tenth of what moved
	if grown := p.memory(t) - before; grown > most {
		t.Errorf("G74: the server grew by %d MiB", grown)
	}

	file := filepath.Join(t.TempDir(), "tool.bin")
	part, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	again := &counting{size: size, sum: sha256.New()}
	if _, err := io.CopyN(part, again, size/3); err != nil {
		t.Fatal(err)
	}
	if err := part.Close(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "curl")
	if err := os.WriteFile(config, []byte("header = \"PRIVATE-TOKEN: "+token+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("curl", "--silent", "--show-error", "--fail", "--config", config, "-C", "-", "-o", file, "-w", "%{http_code} %{size_download}", url).CombinedOutput()
	if err != nil || string(out) != fmt.Sprintf("206 %d", size-size/3) {
		t.Fatalf("G71: curl -C -: %v: %s", err, out)
	}
	whole, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	sum.Reset()
	if _, err := io.Copy(sum, whole); err != nil || !bytes.Equal(sum.Sum(nil), body.sum.Sum(nil)) {
		t.Errorf("G71: resumed, it is another file: %v", err)
	}
	p.run(t, "check")
}

// G70 to G73 with GitLab's Go client.
func TestGoClientPackages(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	admin := client(t, p, p.admin)
	file, _, err := admin.GenericPackages.PublishPackageFile("acme/web", "tool", "1.0", "tool.bin", strings.NewReader("text"),
		&gitlab.PublishPackageFileOptions{Select: gitlab.Ptr(gitlab.SelectPackageFile)})
	if err != nil || file.FileName != "tool.bin" || file.Size != 4 {
		t.Fatalf("G70: %+v, %v", file, err)
	}
	if text, _, err := admin.GenericPackages.DownloadPackageFile("acme/web", "tool", "1.0", "tool.bin"); err != nil || string(text) != "text" {
		t.Errorf("G71: %q, %v", text, err)
	}
	list, _, err := admin.Packages.ListProjectPackages("acme/web", nil)
	if err != nil || len(list) != 1 || list[0].PackageType != "generic" || list[0].Version != "1.0" {
		t.Errorf("G72: %+v, %v", list, err)
	}
	files, _, err := admin.Packages.ListPackageFiles("acme/web", file.PackageID, nil)
	if err != nil || len(files) != 1 || files[0].ID != file.ID || files[0].FileSHA256 != file.FileSHA256 {
		t.Errorf("G72: %+v, %v", files, err)
	}
	if answer, err := admin.Packages.DeleteProjectPackage("acme/web", file.PackageID); err != nil || answer.StatusCode != http.StatusNoContent {
		t.Errorf("G73: %v", err)
	}
}
