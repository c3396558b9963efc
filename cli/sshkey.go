package cli

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"patrol/model"
)

const (
	maxKeyFile = 64 << 10 // bytes; the largest key that OpenSSH makes takes 3 KiB
	minRSA     = 2048     // bits
)

// readKey reads the one public SSH key in a file, or on standard input if none
// is named.
func (s *session) readKey(files ...string) (model.NewKey, error) {
	in, name := s.in, "standard input"
	if len(files) > 0 {
		f, err := os.Open(files[0])
		if err != nil {
			return model.NewKey{}, err
		}
		defer f.Close()
		in, name = f, files[0]
	}
	text, err := io.ReadAll(io.LimitReader(in, maxKeyFile+1))
	if err != nil {
		return model.NewKey{}, err
	}
	key, err := parseKey(text)
	if err != nil {
		return model.NewKey{}, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// parseKey reads one public key in the form of authorized_keys. It refuses what
// must not lie about, what is too weak, and what it doesn't understand.
func parseKey(text []byte) (model.NewKey, error) {
	switch {
	case len(text) > maxKeyFile:
		return model.NewKey{}, errors.New("this is too long for a public SSH key: name a file such as id_ed25519.pub")
	case bytes.Contains(text, []byte("PRIVATE KEY")):
		return model.NewKey{}, errors.New("this is a private key, which belongs to nobody else: name the file that ends in .pub")
	}
	key, comment, options, rest, err := ssh.ParseAuthorizedKey(text)
	switch {
	case err != nil:
		return model.NewKey{}, errors.New("this is not a public SSH key: name a file such as id_ed25519.pub")
	case len(bytes.TrimSpace(rest)) > 0:
		return model.NewKey{}, errors.New("this holds more than one key: add them one by one")
	case len(options) > 0:
		return model.NewKey{}, errors.New("the key has options in front, which Patrol doesn't have: remove them")
	}
	if err := strong(key); err != nil {
		return model.NewKey{}, err
	}
	title, wrong := model.CleanName(comment, true)
	if wrong != "" {
		return model.NewKey{}, errors.New("the key's comment " + wrong + ": change the comment")
	}
	return model.NewKey{Title: title, Fingerprint: ssh.FingerprintSHA256(key),
		Line: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))}, nil
}

func strong(key ssh.PublicKey) error {
	if _, ok := key.(*ssh.Certificate); ok {
		return errors.New("this is an SSH certificate: name the key that it is for")
	}
	if key.Type() == ssh.InsecureKeyAlgoDSA {
		return errors.New("DSA keys are too weak: make another with ssh-keygen -t ed25519")
	}
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && k.N.BitLen() < minRSA {
			return fmt.Errorf("an RSA key of %d bits is too weak (at least %d): make another with ssh-keygen -t ed25519", k.N.BitLen(), minRSA)
		}
	}
	return nil
}
