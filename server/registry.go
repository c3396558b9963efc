package server

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"patrol/model"
	"patrol/server/door"
)

// The bodies of refusals (G52, G53).
const (
	registryUnauthorized = `{"errors":[{"code":"UNAUTHORIZED","message":"` + door.TextAccessDenied + `"}]}`
	registryDenied       = `{"errors":[{"code":"DENIED","message":"access forbidden"}]}`
)

// registry answers the addresses below /jwt/: tokens for a container registry's
// clients, and the keys that the registry checks them with.
func (s *Server) registry(q *door.Request) {
	q.Door = model.RegistryDoor
	switch {
	case q.R.Method != http.MethodGet && q.R.Method != http.MethodHead: // clients fall back to GET (G50)
		q.W.WriteHeader(http.StatusNotFound)
	case q.Path == "/jwt/auth":
		s.registryAuth(q)
	case q.Path == "/jwt/certs.pem":
		s.registryKeyAs(q, "application/x-pem-file", (*RegistryKey).Certificate)
	case q.Path == "/jwt/jwks.json":
		s.registryKeyAs(q, "application/json", (*RegistryKey).keySet)
	default:
		q.Plain(http.StatusNotFound, "Not Found")
	}
}

// registryKeyAs answers with the public part of the key (G61).
func (s *Server) registryKeyAs(q *door.Request, contentType string, text func(*RegistryKey) []byte) {
	key, err := s.images()
	if err != nil {
		s.registryFailed(q, err)
		return
	}
	q.W.Header().Set("Content-Type", contentType)
	q.W.Write(text(key))
}

// registryAuth gives a token for what is granted (G50–G60).
func (s *Server) registryAuth(q *door.Request) {
	query := q.R.URL.Query()
	service, err := s.Store.Setting(q.Context, model.SettingRegistryService)
	if err != nil {
		s.registryFailed(q, err)
		return
	}
	if query.Get("service") != service {
		q.W.WriteHeader(http.StatusNotFound)
		return
	}
	asked := model.ParseImageRequests(strings.Join(query["scope"], " "))
	q.Asked = imageQuestion(asked)
	anonymous := q.R.Header.Get("Authorization") == ""
	if !anonymous {
		user, secret, ok := q.R.BasicAuth()
		if !ok || strings.TrimSpace(user) == "" || secret == "" { // G10
			registryAnswer(q, http.StatusUnauthorized, registryUnauthorized)
			return
		}
		if err := q.Identify(q.Context, model.NewSecret(secret)); err != nil {
			s.registryFailed(q, err)
			return
		}
		if err := model.AdmitToRegistry(q.Pass.Caller, q.Today).Err(); err != nil {
			q.Refused(err)
			if errors.Is(err, model.ErrScope) {
				registryAnswer(q, http.StatusForbidden, registryDenied)
				return
			}
			registryAnswer(q, http.StatusUnauthorized, registryUnauthorized)
			return
		}
	}
	granted, refused, err := s.Store.EnterImages(q.Context, q.Pass.Caller, asked)
	switch {
	case err != nil:
		s.registryFailed(q, err)
		return
	case anonymous && len(granted) == 0:
		registryAnswer(q, http.StatusForbidden, registryDenied)
		return
	case refused != nil && len(granted) == 0:
		q.Refused(refused)
	default:
		q.Used()
	}
	if err := s.registryToken(q, service, granted); err != nil {
		s.registryFailed(q, err)
	}
}

// imageQuestion is what was asked, in words that explain takes: the first of it.
func imageQuestion(asked []model.ImageRequest) string {
	for _, r := range asked {
		for _, action := range r.Actions {
			if r.Type == model.ImageType && (action == "pull" || action == "push") {
				return "registry " + action + " " + r.Name
			}
		}
	}
	return ""
}

// registryToken answers with a signed token, which never lives longer than the
// one that it was given for (G54, G60).
func (s *Server) registryToken(q *door.Request, service string, granted []model.ImageRequest) error {
	key, err := s.images()
	if err != nil {
		return err
	}
	issuer, err := s.Store.Setting(q.Context, model.SettingRegistryIssuer)
	if err != nil {
		return err
	}
	minutes, err := s.Store.Setting(q.Context, model.SettingRegistryDelay)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(minutes)
	if err != nil {
		return err
	}
	now := s.Store.Now().Truncate(time.Second)
	ends := now.Add(time.Duration(n) * time.Minute)
	if t := q.Pass.Token; t.ID != 0 {
		ends = earlier(ends, t.ExpiresOn.Time())
		if t.Replaced() {
			ends = earlier(ends, t.ReplacedUntil)
		}
	}
	if granted == nil {
		granted = []model.ImageRequest{}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": issuer, "sub": q.Pass.User.Username, "aud": service,
		"iat": now.Unix(), "nbf": now.Add(-5 * time.Second).Unix(), "exp": ends.Unix(), "jti": rand.Text(),
		"auth_type": "personal_access_token", "access": granted,
	})
	token.Header["kid"] = key.id
	token.Header["x5c"] = []string{base64.StdEncoding.EncodeToString(key.der)}
	signed, err := token.SignedString(key.private)
	if err != nil {
		return err
	}
	text, err := json.Marshal(struct {
		Token     string `json:"token"`
		Same      string `json:"access_token"`
		ExpiresIn int64  `json:"expires_in"`
		IssuedAt  string `json:"issued_at"`
	}{signed, signed, int64(ends.Sub(now).Seconds()), now.Format(time.RFC3339)})
	if err != nil {
		return err
	}
	q.W.Header().Set("Cache-Control", "no-store")
	registryAnswer(q, http.StatusOK, string(text))
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func registryAnswer(q *door.Request, status int, text string) {
	q.W.Header().Set("Content-Type", "application/json")
	q.W.WriteHeader(status)
	q.W.Write([]byte(text))
}

// registryFailed answers what isn't a decision.
func (s *Server) registryFailed(q *door.Request, err error) {
	if status := q.Failed(err); status == http.StatusServiceUnavailable {
		registryAnswer(q, status, `{"errors":[{"code":"UNAVAILABLE","message":"try again"}]}`)
		return
	}
	registryAnswer(q, http.StatusInternalServerError, `{"errors":[{"code":"UNKNOWN","message":"internal error"}]}`)
}
