// Package sshkey reads public SSH keys, whoever brings them.
package sshkey

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"patrol/model"
)

// MaxFile is the longest text, in bytes, that is read as a key; the largest key
// that OpenSSH makes takes 3 KiB.
const MaxFile = 64 << 10

// minRSA is the shortest RSA key that is taken, in bits.
const minRSA = 2048

// Parse reads one public key in the form of authorized_keys; its comment is the
// title, as it was written. It refuses what must not lie about, what is too weak,
// and what it doesn't understand.
func Parse(text []byte) (model.NewKey, error) {
	switch {
	case len(text) > MaxFile:
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
	return model.NewKey{Title: comment, Fingerprint: Fingerprint(key), Line: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))}, nil
}

// Fingerprint is what a key is known by: SHA256: and 43 characters, as ssh-keygen
// -l prints it.
func Fingerprint(key ssh.PublicKey) string { return ssh.FingerprintSHA256(key) }

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
