package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	"github.com/golang-jwt/jwt/v5"
	gossh "golang.org/x/crypto/ssh"

	"patrol/model"
	"patrol/server"
	door "patrol/server/ssh"
	"patrol/sshkey"
	"patrol/ui"
)

// What docker asks before each push, next to a bare handler that signs a token of
// the same claims: signing is in both, and is most of it.
func BenchmarkImages(b *testing.B) {
	db, p := open(b)
	made, err := db.CreateToken(b.Context(), root, model.NewToken{Place: p.Ref(), Name: "images", Role: model.Developer,
		Scopes: model.Scopes{model.ScopeReadRegistry, model.ScopeWriteRegistry}})
	if err != nil {
		b.Fatal(err)
	}
	product := serve(b, server.Config{Store: db, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	service, err := db.Setting(b.Context(), model.SettingRegistryService)
	if err != nil {
		b.Fatal(err)
	}
	path := "/jwt/auth?" + url.Values{"service": {service}, "scope": {"repository:" + p.FullPath + ":pull,push"}}.Encode()
	header := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("any:"+made.Secret.Reveal()))
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(get(b, product.URL, path, header)), &answer); err != nil {
		b.Fatal(err)
	}
	claims := jwt.MapClaims{}
	same, _, err := jwt.NewParser().ParseUnverified(answer.Token, claims)
	if err != nil {
		b.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		token.Header = same.Header
		signed, err := token.SignedString(key)
		if err != nil {
			panic(err)
		}
		json.NewEncoder(w).Encode(map[string]any{"token": signed, "access_token": signed})
	}))
	b.Cleanup(bare.Close)
	compare(b, bare.URL, product.URL, path, header, connections)
}

// From dialling over SSH to the console's first frame, next to a bare wish
// server that takes any key and writes one line.
func BenchmarkConsoleOverSSH(b *testing.B) {
	db, _ := open(b)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		b.Fatal(err)
	}
	key, err := sshkey.Parse(gossh.MarshalAuthorizedKey(signer.PublicKey()))
	if err != nil {
		b.Fatal(err)
	}
	name := strings.ToLower("bench-" + rand.Text()[:8])
	if _, err := db.AddUser(b.Context(), root, model.NewUser{Username: name, Admin: true, Keys: []model.NewKey{key}}); err != nil {
		b.Fatal(err)
	}
	web, err := server.New(server.Config{Store: db})
	if err != nil {
		b.Fatal(err)
	}
	host, err := door.NewHostKey()
	if err != nil {
		b.Fatal(err)
	}
	product, err := door.New(door.Config{House: web.House, Git: web.Git, HostKey: host, Console: func(ctx context.Context, t door.Terminal) error {
		return ui.Run(ctx, ui.Config{Store: db, Actor: t.Actor, In: t.In, Out: t.Out, Env: t.Env, Window: &ui.Window{Size: ui.Size(t.Size)}})
	}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ours := listen(b)
	ended := make(chan error, 1)
	go func() { ended <- product.Serve(ctx, ours) }()
	b.Cleanup(func() { stop(); <-ended })

	bare, err := wish.NewServer(wish.WithPublicKeyAuth(func(ssh.Context, ssh.PublicKey) bool { return true }), wish.WithMiddleware(func(ssh.Handler) ssh.Handler {
		return func(s ssh.Session) { io.WriteString(s, "NEEDS YOU\n"); <-s.Context().Done() }
	}))
	if err != nil {
		b.Fatal(err)
	}
	others := listen(b)
	go bare.Serve(others)
	b.Cleanup(func() { bare.Close() })

	var took, ratios []float64
	for range 2 * turns {
		base := firstFrame(b, others.Addr().String(), signer)
		mine := firstFrame(b, ours.Addr().String(), signer)
		took, ratios = append(took, mine.Seconds()*1000), append(ratios, float64(mine)/float64(base))
	}
	b.ReportMetric(median(took), "ms")
	b.ReportMetric(median(ratios), "×baseline")
	b.ReportMetric(0, "ns/op")
}

func listen(b *testing.B) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// firstFrame opens a terminal and waits for the heading of the first screen.
func firstFrame(b *testing.B, address string, signer gossh.Signer) time.Duration {
	began := time.Now()
	client, err := gossh.Dial("tcp", address, &gossh.ClientConfig{User: "any", Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)},
		HostKeyCallback: gossh.InsecureIgnoreHostKey()})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	s, err := client.NewSession()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.StdinPipe(); err != nil { // without one, the input ends at once
		b.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		b.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		b.Fatal(err)
	}
	var seen []byte
	for part := make([]byte, 4096); !strings.Contains(string(seen), "NEEDS YOU"); {
		n, err := out.Read(part)
		if seen = append(seen, part[:n]...); err != nil {
			b.Fatalf("%v after %q", err, seen)
		}
	}
	return time.Since(began)
}
