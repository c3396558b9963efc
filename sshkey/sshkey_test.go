package sshkey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"patrol/sshkey"
)

// line is a public key as in authorized_keys, without a comment.
func line(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// Every kind of key that people make is read, and its fingerprint is what
// ssh-keygen says.
func TestParse(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := []crypto.PublicKey{&short.PublicKey, edwards}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, &key.PublicKey)
	}
	for _, key := range keys {
		text := line(t, key)
		got, err := sshkey.Parse([]byte("# of Ann\r\n\n  " + text + "  ann @ laptop \r\n"))
		if err != nil || got.Line != text || got.Title != "ann @ laptop" {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		file := filepath.Join(t.TempDir(), "key.pub")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := exec.Command("ssh-keygen", "-lf", file).Output()
		if err != nil || !strings.Contains(string(said), " "+got.Fingerprint+" ") {
			t.Errorf("%s: fingerprint %s, ssh-keygen says %s (%v)", text, got.Fingerprint, said, err)
		}
	}
}

func TestParseRefused(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := line(t, edwards)
	algorithm, encoded, _ := strings.Cut(good, " ")
	blob, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	of := func(algorithm string, blob []byte) string {
		return algorithm + " " + base64.StdEncoding.EncodeToString(blob)
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "not a public SSH key"},
		{"prose", "my key is under the mat", "not a public SSH key"},
		{"cut off", of(algorithm, blob[:len(blob)-1]), "not a public SSH key"},
		{"too much", of(algorithm, append(blob, 0)), "not a public SSH key"},
		{"another algorithm's name", of("ssh-rsa", blob), "not a public SSH key"},
		{"two", good + "\n" + good, "more than one key"},
		{"options", `command="sh" ` + good, "options"},
		{"long", strings.Repeat("a", sshkey.MaxFile+1), "too long"},
		{"private", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key"},
	} {
		if got, err := sshkey.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %+v, %v, want %q", test.name, got, err, test.want)
		}
	}
}
