package server

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"patrol/server/door"
)

// RegistryKey signs what a container registry trusts (G60, G61).
type RegistryKey struct {
	private *rsa.PrivateKey
	der     []byte // the certificate
	id      string // kid, in the registry's form
}

const registryKeyBits = 2048

// registryKeyFile holds the key and its certificate, as PEM blocks.
const registryKeyFile = "registry_key.pem"

// OpenRegistryKey reads the key in a folder, and makes it if there is none
// (0600). Without a folder it is kept nowhere.
func OpenRegistryKey(folder string) (*RegistryKey, error) {
	if folder == "" {
		text, err := newRegistryKey()
		if err != nil {
			return nil, err
		}
		return parseRegistryKey("this run's", text)
	}
	file := filepath.Join(folder, registryKeyFile)
	text, err := door.KeepOnce(file, newRegistryKey)
	if err != nil {
		return nil, err
	}
	return parseRegistryKey(file, text)
}

func newRegistryKey() ([]byte, error) {
	private, err := rsa.GenerateKey(rand.Reader, registryKeyBits)
	if err != nil {
		return nil, err
	}
	// Both registry generations check its dates, and nothing renews it: what they
	// trust is this key, until the file is removed.
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Patrol registry tokens"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}

func parseRegistryKey(file string, text []byte) (*RegistryKey, error) {
	bad := fmt.Errorf("%s doesn't hold the registry's key: restore it from a backup, or remove it for a new one, which the registry must then be told", file)
	key, rest := pem.Decode(text)
	certificate, _ := pem.Decode(rest)
	if key == nil || certificate == nil {
		return nil, bad
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	private, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, bad
	}
	if _, err := x509.ParseCertificate(certificate.Bytes); err != nil {
		return nil, bad
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, bad
	}
	return &RegistryKey{private, certificate.Bytes, keyID(public)}, nil
}

// keyID is how registries name a key: base32 of the first 240 bits of the digest
// of its DER form, in twelve groups of four.
func keyID(public []byte) string {
	digest := sha256.Sum256(public)
	text := base32.StdEncoding.EncodeToString(digest[:30])
	groups := make([]string, 0, 12)
	for len(text) > 0 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(groups, ":")
}

// Certificate is what a registry's rootcertbundle holds.
func (k *RegistryKey) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.der})
}

// keySet is the public key as a JSON Web Key Set.
func (k *RegistryKey) keySet() []byte {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	text, err := json.Marshal(map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
		"n": number(k.private.N), "e": number(big.NewInt(int64(k.private.E))),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.der)},
	}}})
	if err != nil {
		panic(err) // texts only
	}
	return text
}
