package storage

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"

	"patrol/model"
)

// minRSA is the shortest RSA key that is taken, in bits.
const minRSA = 2048

// parseSSHKey reads a public key as it stands in authorized_keys, with its
// comment but without options. What is wrong with it is told like the value of
// a field.
func parseSSHKey(text string) (key model.NewKey, wrong string) {
	algorithm, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	encoded, title, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") || !soundKey(algorithm, blob) {
		return key, "must be public SSH keys as in authorized_keys, without options: ed25519, ECDSA, or RSA of 2048 bits or more"
	}
	if title, wrong = model.CleanName(title, true); wrong != "" {
		return key, "has a comment that " + wrong
	}
	sum := sha256.Sum256(blob)
	return model.NewKey{Title: title, Fingerprint: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), Line: algorithm + " " + encoded}, ""
}

// soundKey tells whether a blob is a public key of the algorithm that it is
// said to be of, in SSH's form (RFC 4253 §6.6, RFC 5656, RFC 8709, and OpenSSH's
// PROTOCOL.u2f), and strong enough.
func soundKey(algorithm string, blob []byte) bool {
	r := &sshReader{rest: blob, ok: true}
	if string(r.next()) != algorithm {
		return false
	}
	sound := false
	switch algorithm {
	case "ssh-ed25519":
		sound = len(r.next()) == 32
	case "sk-ssh-ed25519@openssh.com":
		sound = len(r.next()) == 32 && len(r.next()) > 0
	case "ecdsa-sha2-nistp256":
		sound = r.point("nistp256", ecdh.P256())
	case "ecdsa-sha2-nistp384":
		sound = r.point("nistp384", ecdh.P384())
	case "ecdsa-sha2-nistp521":
		sound = r.point("nistp521", ecdh.P521())
	case "sk-ecdsa-sha2-nistp256@openssh.com":
		sound = r.point("nistp256", ecdh.P256()) && len(r.next()) > 0
	case "ssh-rsa":
		exponent, modulus := new(big.Int).SetBytes(r.next()), new(big.Int).SetBytes(r.next())
		sound = exponent.Bit(0) == 1 && exponent.BitLen() >= 2 && exponent.BitLen() <= 24 && modulus.BitLen() >= minRSA && modulus.BitLen() <= 8*minRSA
	}
	return sound && r.ok && len(r.rest) == 0
}

// sshReader reads SSH's strings: four bytes of length, and the bytes.
type sshReader struct {
	rest []byte
	ok   bool
}

func (r *sshReader) next() []byte {
	if len(r.rest) < 4 || uint64(binary.BigEndian.Uint32(r.rest)) > uint64(len(r.rest)-4) {
		r.ok, r.rest = false, nil
		return nil
	}
	end := 4 + int(binary.BigEndian.Uint32(r.rest))
	text := r.rest[4:end]
	r.rest = r.rest[end:]
	return text
}

// point reads a curve's name and a point that must lie on it.
func (r *sshReader) point(name string, curve ecdh.Curve) bool {
	if string(r.next()) != name {
		return false
	}
	_, err := curve.NewPublicKey(r.next())
	return err == nil
}
