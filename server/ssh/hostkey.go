package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"
)

// HostKey is what clients know this server by.
type HostKey struct {
	pem         []byte
	Fingerprint string // SHA256:…, as ssh-keygen prints it
}

// OpenHostKey reads the host key in a file. It makes one (Ed25519, 0600) if
// there is none: it doesn't change from then on (G45).
func OpenHostKey(file string) (*HostKey, error) {
	key, err := ReadHostKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	made, err := NewHostKey()
	if err != nil {
		return nil, err
	}
	// It gets its name once it is whole, and only if another process hasn't made
	// one meanwhile.
	temporary, err := os.CreateTemp(filepath.Dir(file), ".ssh_host_key-*") // 0600
	if err != nil {
		return nil, hostKeyError(file, err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(made.pem)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Link(temporary.Name(), file)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, hostKeyError(file, err)
	}
	return ReadHostKey(file)
}

// ReadHostKey reads the host key in a file; fs.ErrNotExist: there is none yet.
func ReadHostKey(file string) (*HostKey, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, hostKeyError(file, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others can read the SSH host key %s: make it private with chmod 600, or remove it for a new one if it may be known", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, hostKeyError(file, err)
	}
	signer, err := gossh.ParsePrivateKey(text)
	if err != nil { // its text might hold some of the key
		return nil, fmt.Errorf("%s is not a private SSH key: restore it from a backup, or remove it for a new one, which clients will then warn of", file)
	}
	return &HostKey{text, gossh.FingerprintSHA256(signer.PublicKey())}, nil
}

func hostKeyError(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the SSH host key %s: %w", file, err)
}

// NewHostKey makes a key that is kept nowhere.
func NewHostKey() (*HostKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := gossh.MarshalPrivateKey(private, "patrol")
	if err != nil {
		return nil, err
	}
	shown, err := gossh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return &HostKey{pem.EncodeToMemory(block), gossh.FingerprintSHA256(shown)}, nil
}
