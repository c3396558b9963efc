package ssh

import (
	"context"
	"errors"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"patrol/model"
	"patrol/server/door"
)

// login is what a connection was opened by: a token or a person's key. It says
// who that is anew whenever it is asked, since a session may last for days.
type login struct {
	secret model.Secret // of a token; empty: a key
	key    string       // its fingerprint
}

type loginKey struct{}

// loginOf is how a connection's client has logged in. It stands with the
// attempt that succeeded: a key that was offered, and not signed with, leaves
// nothing behind.
func loginOf(conn *gossh.ServerConn) login {
	l, _ := conn.Permissions.ExtraData[loginKey{}].(login)
	return l
}

func (l login) byToken() bool { return !l.secret.Empty() }

// identify finds who it is now, and whether he may come in at all.
func (l login) identify(ctx context.Context, v *door.Visit) (err error) {
	if l.byToken() {
		err = v.Identify(ctx, l.secret)
	} else {
		err = v.IdentifyKey(ctx, l.key)
	}
	if err == nil && v.Pass.Caller.Kind == model.Nobody && !l.byToken() {
		return errNoKey
	}
	if err == nil {
		if err = v.Admit(model.NoAccess); err != nil {
			v.Refused(err)
		}
	}
	return err
}

var (
	errNoKey  = errors.New("the key belongs to nobody")
	errDenied = errors.New("access denied")
)

// How often a client may try: passwords (G40), and anything at all. Agents offer
// each key that they hold.
const (
	maxPasswords = 3
	maxTries     = 20
)

const (
	checkTime     = 10 * time.Second // for one look into the database
	passwordAsked = "Password: "     // what programs that type for people wait for
)

// logins is how the client of one connection may log in. It is all there is: a
// method that isn't here is refused by the library.
func (s *Server) logins(ctx ssh.Context) *gossh.ServerConfig {
	passwords := 0
	try := func(conn gossh.ConnMetadata, l login) (*gossh.Permissions, error) {
		if l.byToken() {
			if passwords++; passwords > maxPasswords {
				return nil, errDenied
			}
		}
		check, stop := context.WithTimeout(ctx, checkTime)
		defer stop()
		v := s.House.Visit(model.SSHDoor, addressOf(conn.RemoteAddr()))
		v.Asked = "ssh"
		if err := l.identify(check, v); err != nil {
			return nil, errDenied
		}
		return &gossh.Permissions{ExtraData: map[any]any{loginKey{}: l}}, nil
	}
	byToken := func(conn gossh.ConnMetadata, secret string) (*gossh.Permissions, error) {
		if secret == "" {
			return nil, errDenied
		}
		return try(conn, login{secret: model.NewSecret(secret)})
	}
	return &gossh.ServerConfig{
		MaxAuthTries: maxTries,
		PublicKeyCallback: func(conn gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
			return try(conn, login{key: gossh.FingerprintSHA256(key)})
		},
		PasswordCallback: func(conn gossh.ConnMetadata, password []byte) (*gossh.Permissions, error) {
			return byToken(conn, string(password))
		},
		KeyboardInteractiveCallback: func(conn gossh.ConnMetadata, ask gossh.KeyboardInteractiveChallenge) (*gossh.Permissions, error) {
			answers, err := ask("", "", []string{passwordAsked}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errDenied
			}
			return byToken(conn, answers[0])
		},
		AuthLogCallback: func(_ gossh.ConnMetadata, _ string, err error) {
			if err == nil {
				ctx.Value(connectionKey{}).(*connection).loggedIn()
			}
		},
	}
}
