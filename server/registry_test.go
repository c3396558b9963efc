package server

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"patrol/model"
)

// images asks for a registry's token and gives what it grants.
func (w *world) images(query, user, secret string) (answer, jwt.MapClaims, *jwt.Token) {
	w.Helper()
	var options []string
	if secret != "" {
		options = append(options, "Authorization: Basic "+basic(user, secret))
	}
	got := w.ask("GET", "/jwt/auth?service=container_registry"+query, options...)
	if got.status != 200 {
		return got, nil, nil
	}
	var body struct {
		Token       string
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Token != body.AccessToken {
		w.Fatalf("G54: %s", got.body)
	}
	block, _ := pem.Decode([]byte(w.ask("GET", "/jwt/certs.pem").body))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		w.Fatal(err)
	}
	claims := jwt.MapClaims{}
	token, err := jwt.ParseWithClaims(body.Token, claims, func(t *jwt.Token) (any, error) {
		if chain := t.Header["x5c"].([]any); len(chain) != 1 || chain[0] != base64.StdEncoding.EncodeToString(block.Bytes) {
			w.Errorf("G60: x5c is %v", chain)
		}
		return certificate.PublicKey, nil
	}, jwt.WithTimeFunc(w.clock), jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("container_registry"), jwt.WithIssuer("patrol-issuer"), jwt.WithExpirationRequired())
	if err != nil {
		w.Fatalf("G60: %v", err)
	}
	if ends := int(claims["exp"].(float64) - claims["iat"].(float64)); ends != body.ExpiresIn {
		w.Errorf("G54: expires_in %d, the token lives %d s", body.ExpiresIn, ends)
	}
	return got, claims, token
}

// What of a request is granted: asked ∩ scope ∩ role (G53–G58).
func TestRegistry(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("acme/web-2", model.Private)
	w.project("open/web", model.Public)
	bot := func(role model.Role, scopes ...model.Scope) string {
		return w.bot("acme/web", role, scopes...).Secret.Reveal()
	}
	both := bot(model.Developer, model.ScopeReadRegistry, model.ScopeWriteRegistry)
	api := bot(model.Maintainer, model.ScopeAPI)
	dead := w.bot("acme/web", model.Owner, model.ScopeAPI)
	w.revoke(dead.ID)
	const web, pushes = "&scope=repository:acme/web:pull,push", "&scope=repository:acme/web/api/v1:push,pull"
	for _, c := range []struct {
		rule, query, secret string
		status              int
		want                string // name:actions …
	}{
		{"G58", web, both, 200, "acme/web:pull,push"},
		{"G58 order", pushes, both, 200, "acme/web/api/v1:push,pull"},
		{"G58", web, bot(model.Developer, model.ScopeReadRegistry), 200, "acme/web:pull"},
		{"G58", web, bot(model.Developer, model.ScopeWriteRegistry), 200, "acme/web:push"},
		{"G58", web, bot(model.Reporter, model.ScopeWriteRegistry), 200, ""},
		{"G58", web, bot(model.Reporter, model.ScopeReadRegistry, model.ScopeWriteRegistry), 200, "acme/web:pull"},
		{"G58", web, bot(model.Developer, model.ScopeReadAPI), 200, "acme/web:pull"},
		{"G58", web, bot(model.Guest, model.ScopeReadRegistry), 200, ""},
		{"G58", "&scope=repository:acme/web:*,delete,pull", api, 200, "acme/web:*,delete,pull"},
		{"G58", "&scope=repository:acme/web:*,delete,pull", both, 200, "acme/web:pull"},
		{"G56 catalog", "&scope=registry:catalog:*", api, 200, ""},
		{"G56 catalog", "&scope=registry:catalog:*", w.rootToken(), 200, "catalog:*"},
		{"G56 class", "&scope=repository(plugin):acme/web:pull", both, 200, "acme/web:pull"},
		{"G56 several", "&scope=repository:acme/web:pull+repository:open/web:pull&scope=repository:acme/web/x:pull", both, 200, "acme/web:pull open/web:pull acme/web/x:pull"},
		{"G56 malformed", "&scope=repository:ACME/web:pull+repository:a/../b:pull+x+:::+repository:acme/web+repository:acme/web:+image:acme/web:pull+repository:acme//web:pull", both, 200, ""},
		{"G57 not a prefix", "&scope=repository:acme/web-2:pull", both, 200, ""},
		{"G57 no project", "&scope=repository:acme/none:pull+repository:acme:pull", both, 200, ""},
		{"G54 login", "", both, 200, ""},
		{"G53", web, bot(model.Owner, model.ScopeReadRepository), 403, ""},
		{"G53 login", "", bot(model.Owner, model.ScopeSelfRotate), 403, ""},
		{"G52", web, dead.Secret.Reveal(), 401, ""},
		{"G52", "", "glpat-aaaaaaaaaaaaaaaaaaaa", 401, ""},
		{"G55", "", "", 403, ""},
		{"G55", web, "", 403, ""},
		{"G55", "&scope=repository:open/web:pull,push", "", 200, "open/web:pull"},
	} {
		got, claims, _ := w.images(c.query, "x", c.secret)
		if got.status != c.status {
			t.Errorf("%s: %s: %d %s", c.rule, c.query, got.status, got.body)
			continue
		}
		var list []string
		if claims != nil {
			for _, one := range claims["access"].([]any) {
				grant := one.(map[string]any)
				var actions []string
				for _, action := range grant["actions"].([]any) {
					actions = append(actions, action.(string))
				}
				list = append(list, grant["name"].(string)+":"+strings.Join(actions, ","))
			}
		}
		if granted := strings.Join(list, " "); granted != c.want {
			t.Errorf("%s: %s: %q, want %q", c.rule, c.query, granted, c.want)
		}
	}
	w.expect("G52", w.ask("GET", "/jwt/auth?service=container_registry", "Authorization: Basic "+basic(" ", both)), 401,
		`{"errors":[{"code":"UNAUTHORIZED","message":"HTTP Basic: Access denied. The token may be wrong, expired or revoked, or the user name empty."}]}`)
	w.expect("G53", w.ask("GET", "/jwt/auth?service=container_registry"), 403, `{"errors":[{"code":"DENIED","message":"access forbidden"}]}`)
	for _, path := range []string{"/jwt/auth", "/jwt/auth?service=other", "/jwt/other"} {
		if got := w.ask("GET", path, "Authorization: Basic "+basic("x", both)); got.status != 404 {
			t.Errorf("G50: %s: %d", path, got.status)
		}
	}
	if got := w.ask("POST", "/jwt/auth?service=container_registry", "Authorization: Basic "+basic("x", both)); got.status != 404 || got.body != "" {
		t.Errorf("G50: POST: %d %s", got.status, got.body)
	}
}

// The token's claims, and that it never outlives the one that it was given for
// (G60, G61).
func TestRegistryToken(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	made := w.bot("acme/web", model.Developer, model.ScopeReadRegistry)
	_, claims, token := w.images("", "any", made.Secret.Reveal())
	now := float64(w.clock().Unix())
	if claims["sub"] != made.User.Username || claims["nbf"] != now-5 || claims["iat"] != now || claims["exp"] != now+300 ||
		claims["auth_type"] != "personal_access_token" || !reflect.DeepEqual(claims["access"], []any{}) || token.Header["typ"] != "JWT" {
		t.Errorf("G60: %v %v", token.Header, claims)
	}
	var keys struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(w.ask("GET", "/jwt/jwks.json").body), &keys); err != nil || keys.Keys[0]["kid"] != token.Header["kid"] {
		t.Errorf("G61: %v %v", keys, err)
	}
	if kid := token.Header["kid"].(string); len(kid) != 59 || strings.Count(kid, ":") != 11 {
		t.Errorf("G60: kid %s", kid)
	}
	w.set(model.SettingRegistryDelay, "60")
	w.setClock(made.ExpiresOn.Time().Add(-10 * time.Minute))
	if _, claims, _ = w.images("", "any", made.Secret.Reveal()); claims["exp"].(float64) != float64(made.ExpiresOn.Time().Unix()) {
		t.Errorf("G60: it outlives its token: %v", claims)
	}
}

// The key is made once and kept (G61).
func TestRegistryKey(t *testing.T) {
	folder := t.TempDir()
	one, err := OpenRegistryKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := OpenRegistryKey(folder); err != nil || again.id != one.id {
		t.Errorf("G61: %v %v", again, err)
	}
	if _, err := OpenRegistryKey(folder + "/none"); err == nil {
		t.Error("G61: a key in no folder")
	}
}
