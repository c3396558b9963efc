package model

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
)

// Secret is the text of a token. Whatever prints, logs or marshals it shows
// [hidden]; only Reveal gives the text. The text stands behind a func so that
// even reflection (as fmt uses for unexported fields) finds an address only.
type Secret struct{ text func() string }

// DefaultPrefix is what secrets begin with where the instance says nothing (R141).
const DefaultPrefix = "glpat-"

// SecretLength is the number of random characters after the prefix (R140).
const SecretLength = 20

// MaxSecretLength is the longest credential, in bytes, that is looked at (R144).
const MaxSecretLength = 512

const hidden = "[hidden]"

// NewSecret wraps a text that somebody presented.
func NewSecret(text string) Secret { return Secret{func() string { return text }} }

// MakeSecret makes a new secret: the prefix and 20 characters of A–Z a–z 0–9 _ -
// from the system's random source, 120 bits (R140).
func MakeSecret(prefix string) Secret {
	var random [SecretLength * 6 / 8]byte
	rand.Read(random[:]) // never fails: the runtime ends the program instead
	return NewSecret(prefix + base64.RawURLEncoding.EncodeToString(random[:]))
}

// Reveal gives the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// Empty tells whether there is no text at all.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Digest is the SHA-256 of the whole secret, the only form that is stored (R142).
func (s Secret) Digest() Digest { return DigestOf(s.Reveal()) }

// Format answers every verb of package fmt with [hidden].
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText answers JSON and other encoders with [hidden].
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue answers log/slog with [hidden].
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// DigestOf is the SHA-256 of any text: what tells it from others without keeping
// it.
func DigestOf(text string) Digest { return sha256.Sum256([]byte(text)) }

// Digest is the SHA-256 of a secret. It is as good as hidden too: it never
// leaves the store but in an export.
type Digest [sha256.Size]byte

// Format answers every verb of package fmt with [hidden].
func (Digest) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }
