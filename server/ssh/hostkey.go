package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"

	gossh "golang.org/x/crypto/ssh"

	"patrol/server/door"
)

// HostKey is what clients know this server by.
type HostKey struct {
	pem         []byte
	Fingerprint string // SHA256:…, as ssh-keygen prints it
}

// OpenHostKey reads the host key in a file. It makes one (Ed25519, 0600) if
// there is none: it doesn't change from then on (G45).
func OpenHostKey(file string) (*HostKey, error) {
	text, err := door.KeepOnce(file, func() ([]byte, error) {
		key, err := NewHostKey()
		if err != nil {
			return nil, err
		}
		return key.pem, nil
	})
	if err != nil {
		return nil, err
	}
	return parseHostKey(file, text)
}

// ReadHostKey reads the host key in a file; fs.ErrNotExist: there is none yet.
func ReadHostKey(file string) (*HostKey, error) {
	text, err := door.ReadPrivate(file)
	if err != nil {
		return nil, err
	}
	return parseHostKey(file, text)
}

func parseHostKey(file string, text []byte) (*HostKey, error) {
	signer, err := gossh.ParsePrivateKey(text)
	if err != nil { // its text might hold some of the key
		return nil, fmt.Errorf("%s is not a private SSH key: restore it from a backup, or remove it for a new one, which clients will then warn of", file)
	}
	return &HostKey{text, gossh.FingerprintSHA256(signer.PublicKey())}, nil
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
