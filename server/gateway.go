package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"patrol/model"
	"patrol/server/door"
)

// gateway is one request that is sent on to an upstream, once it was let in.
type gateway struct {
	*door.Request
	s       *Server
	url     string // of the upstream
	path    string // below it, still URL-encoded
	keyFile string // holds what the upstream is shown; empty: nothing
	caFile  string // that its certificate is checked with; empty: the system's
	headers map[string][]string
	silence time.Duration                         // how long the upstream may say nothing in its answer
	fail    func(status int, reason, text string) // in the door's own words
}

// The limits of an upstream.
const (
	upstreamDial   = 10 * time.Second
	upstreamHeader = 5 * time.Minute // until its answer begins: models think
	clusterSilence = 4 * time.Hour   // in an answer: who watches a quiet cluster, or its logs, hears nothing for long
	upstreamMost   = 1 << 20         // bytes of its answer's head
	maxKeyFile     = 64 << 10        // bytes
)

// gatewayLeaves is how long a stream may go on once the server drains.
const gatewayLeaves = 2 * time.Second

// forward sends the request on, and its answer back as it comes (G83–G85).
// Nothing is tried twice.
func (g *gateway) forward() {
	to, err := url.Parse(g.url)
	if err != nil {
		g.failed(err)
		return
	}
	key, err := readKey(g.keyFile)
	if err != nil {
		g.failed(err)
		return
	}
	transport, err := g.s.upstreams.transport(g.caFile, g.R.Header.Get("Upgrade") != "")
	if err != nil {
		g.failed(err)
		return
	}
	g.Used()
	g.Pace()
	ctx, cancel := context.WithCancel(g.Context)
	defer cancel()
	defer context.AfterFunc(g.s.leaving, func() { time.AfterFunc(gatewayLeaves, cancel) })()
	proxy := httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { g.rewrite(p.Out, to, key) },
		Transport: transport, FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			g.answers(r, cancel)
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { g.failed(err) },
		ErrorLog:     slog.NewLogLogger(g.s.House.Log.Handler(), slog.LevelWarn),
	}
	proxy.ServeHTTP(g.W, g.R.WithContext(ctx))
}

// rewrite makes the request that the upstream gets: without what the client may
// not say, and with who he is (G83, G84).
func (g *gateway) rewrite(out *http.Request, to *url.URL, key string) {
	base := g.Base()
	out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, to.Host
	path := strings.TrimRight(to.EscapedPath(), "/") + g.path
	if plain, err := url.PathUnescape(path); err == nil { // it was read before
		out.URL.Path, out.URL.RawPath = plain, path
	}
	out.URL.RawQuery = withoutSecret(g.R.URL.RawQuery)
	if out.Body == nil && (out.Method == http.MethodGet || out.Method == http.MethodHead || out.Method == http.MethodOptions) {
		out.Body = onceOnly{}
	}
	for name := range out.Header {
		plain := strings.ToLower(strings.ReplaceAll(name, "_", "-")) // many servers take both for the same
		if strings.HasPrefix(plain, "x-patrol-") || strings.HasPrefix(plain, "impersonate-") {
			delete(out.Header, name)
		}
	}
	for _, name := range []string{"Authorization", "Private-Token", "Cookie", "Job-Token"} {
		out.Header.Del(name)
	}
	t := g.Pass.Token
	out.Header.Set("X-Patrol-User", g.Pass.User.Username)
	out.Header.Set("X-Patrol-Project", t.PlacePath)
	out.Header.Set("X-Patrol-Role", roleName(t.Role))
	out.Header.Set("X-Patrol-Scopes", t.Scopes.String())
	out.Header.Set("X-Forwarded-For", g.Address)
	out.Header.Set("X-Forwarded-Host", base.Host)
	out.Header.Set("X-Forwarded-Proto", base.Scheme)
	out.Header.Set("X-Request-Id", g.ID)
	for name, values := range g.headers {
		out.Header[name] = values
	}
	if key != "" {
		out.Header.Set("Authorization", "Bearer "+key)
	}
}

// answers makes the upstream's answer the client's (G85): what the API says of all
// its answers isn't said of it.
func (g *gateway) answers(r *http.Response, cancel context.CancelFunc) {
	r.Header.Del("Set-Cookie")
	h := g.W.Header()
	for _, name := range []string{"Cache-Control", "Vary", "X-Content-Type-Options"} {
		h.Del(name)
	}
	for name := range r.Header {
		h.Del(name)
	}
	switch r.StatusCode {
	case http.StatusSwitchingProtocols:
		g.Status = r.StatusCode // for the log; it is sent past g.W
	default:
		r.Body = &heard{r.Body, g.silence, time.AfterFunc(g.silence, cancel)}
	}
}

// heard is an answer that is cut off once nothing more of it comes.
type heard struct {
	io.ReadCloser
	silence time.Duration
	timer   *time.Timer
}

func (h *heard) Read(into []byte) (int, error) {
	h.timer.Reset(h.silence)
	defer h.timer.Stop()
	return h.ReadCloser.Read(into)
}

func (h *heard) Close() error {
	h.timer.Stop()
	return h.ReadCloser.Close()
}

// roleName is a role as headers have it; empty: none.
func roleName(r model.Role) string {
	if r == model.NoRole {
		return ""
	}
	return strings.ToLower(r.String())
}

// onceOnly is a body of nothing. What has a body that can't be had again, net/http
// never sends a second time, also where a connection that was used before breaks.
type onceOnly struct{}

func (onceOnly) Read([]byte) (int, error) { return 0, io.EOF }
func (onceOnly) Close() error             { return nil }

// withoutSecret is a query without the parameter that may hold one, and
// otherwise as it was.
func withoutSecret(query string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain != door.SecretParam {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// failed answers for an upstream that can't be reached, or breaks off (G85).
func (g *gateway) failed(err error) {
	if g.Context.Err() != nil {
		g.EndIfGone(context.Canceled)
	}
	g.s.House.Log.Warn("the upstream of a gateway fails", "id", g.ID, "url", g.url, "error", err)
	g.fail(http.StatusBadGateway, "BadGateway", "Bad Gateway")
}

// staysBelow tells whether a path, once an upstream has decoded it, is still
// below the upstream's address.
func staysBelow(path string) bool {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return false
	}
	for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return false
		}
	}
	return !strings.ContainsRune(plain, 0)
}

// readKey reads the secret in a file that the settings name. It is read each
// time: whoever replaces it needs no restart. Its text is in no error.
func readKey(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(text))
	if len(text) > maxKeyFile || key == "" || strings.ContainsAny(key, "\r\n") {
		return "", fmt.Errorf("%s doesn't hold a key in one line", file)
	}
	return key, nil
}

// upstreams are the ways to other servers.
type upstreams struct {
	mu sync.Mutex
	by map[way]*http.Transport
}

// way is what transports differ in.
type way struct {
	caFile   string // that vouches for the server's certificate; empty: the system's
	upgrades bool   // only HTTP/1.1 has what kubectl exec asks for
}

// transport is the way to a server. Its file of certificates is read again when
// it has changed.
func (u *upstreams) transport(caFile string, upgrades bool) (*http.Transport, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	w := way{caFile, upgrades}
	known := u.by[w]
	if caFile == "" && known != nil {
		return known, nil
	}
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: upstreamDial, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: upstreamDial, ResponseHeaderTimeout: upstreamHeader, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: upstreamMost, MaxIdleConnsPerHost: 16, DisableCompression: true, Protocols: new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(!upgrades)
	if caFile != "" {
		roots, err := certificates(caFile)
		if err != nil {
			return nil, err
		}
		if known != nil && known.TLSClientConfig.RootCAs.Equal(roots) {
			return known, nil
		}
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	if known != nil {
		known.CloseIdleConnections()
	}
	if u.by == nil {
		u.by = map[way]*http.Transport{}
	}
	u.by[w] = t
	return t, nil
}

// certificates reads those of a file.
func certificates(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return roots, nil
}

// aiEndpoint is what the AI gateway asks of a token (G80): any known user with
// the scope.
var aiEndpoint = &model.Endpoint{Method: "POST", Access: model.AIGateway, User: true}

// isAI tells the addresses of the AI gateway.
func isAI(path string) bool {
	return strings.HasPrefix(path, "/api/v4/code_suggestions/") || path == "/api/v4/chat/completions"
}

// ai sends requests on to the upstream of AI features (G80).
func (s *Server) ai(q *door.Request) {
	if !s.api.Admit(q, aiEndpoint) {
		return
	}
	q.Door = model.GatewayDoor
	q.Asked = "ai"
	answer := func(status int, text string) {
		q.W.Header().Set("Content-Type", "application/json")
		q.W.WriteHeader(status)
		io.WriteString(q.W, `{"message":"`+strconv.Itoa(status)+` `+text+`"}`)
	}
	setting, err := s.Store.Setting(q.Context, model.SettingAIUpstream)
	var upstream *model.AIUpstream
	if err == nil {
		upstream, err = model.ParseAIUpstream(setting)
	}
	switch {
	case err != nil:
		status := q.Failed(err)
		answer(status, http.StatusText(status))
	case upstream == nil, !staysBelow(q.Path):
		answer(http.StatusNotFound, "Not Found")
	default:
		g := &gateway{Request: q, s: s, url: upstream.URL, path: strings.TrimPrefix(q.Path, "/api/v4"), keyFile: upstream.KeyFile, silence: s.Silence,
			fail: func(status int, _, text string) { answer(status, text) }}
		g.forward()
	}
}

const kubernetesPath = "/-/k8s-proxy"

// kubernetes sends requests on to a cluster, for who may reach it (G81, G82).
func (s *Server) kubernetes(q *door.Request) {
	q.Door = model.GatewayDoor
	answer := func(status int, reason, text string) { kubernetesStatus(q, status, reason, text) }
	name, secret, ok := clusterCredentials(q.R)
	if !ok {
		answer(http.StatusUnauthorized, "Unauthorized", "Unauthorized: show Authorization: Bearer pat:CLUSTER:TOKEN")
		return
	}
	q.Asked = "k8s " + name
	if err := q.Identify(q.Context, secret); err != nil {
		s.kubernetesFailed(q, err)
		return
	}
	if err := q.Admit(model.KubernetesGateway); err != nil {
		s.kubernetesFailed(q, err)
		return
	}
	setting, err := s.Store.Setting(q.Context, model.SettingK8sUpstreams)
	var clusters []model.Cluster
	if err == nil {
		clusters, err = model.ParseClusters(setting)
	}
	if err != nil {
		s.kubernetesFailed(q, err)
		return
	}
	cluster, ok := model.ClusterNamed(clusters, name)
	path := strings.TrimPrefix(q.Path, kubernetesPath)
	if !ok || !staysBelow(path) {
		s.kubernetesFailed(q, model.NotFound("cluster"))
		return
	}
	e, err := s.Store.Enter(q.Context, q.Pass.Caller, model.KubernetesGateway, model.PushPackage, cluster.Ref())
	if err != nil {
		s.kubernetesFailed(q, err)
		return
	}
	g := &gateway{Request: q, s: s, url: cluster.URL, path: path, keyFile: cluster.TokenFile, caFile: cluster.CAFile, silence: clusterSilence, fail: answer, headers: map[string][]string{
		"X-Patrol-Project": {e.Project.FullPath}, "X-Patrol-Role": {roleName(e.Project.Role)},
	}}
	if cluster.AccessAs == model.AccessAsUser {
		g.headers["Impersonate-User"] = []string{"gitlab:user:" + q.Pass.User.Username}
		g.headers["Impersonate-Group"] = impersonated(e.Project)
	}
	g.forward()
}

// clusterCredentials reads "Bearer pat:CLUSTER:TOKEN", GitLab's form.
func clusterCredentials(r *http.Request) (cluster string, secret model.Secret, ok bool) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	kind, rest, _ := strings.Cut(text, ":")
	cluster, token, _ := strings.Cut(rest, ":")
	if _, number := model.ParseID(cluster); !strings.EqualFold(scheme, "Bearer") || kind != "pat" || !number || token == "" {
		return "", secret, false
	}
	return cluster, model.NewSecret(token), true
}

// impersonated are the groups of a user in a cluster: his role and each below it.
func impersonated(p model.Project) []string {
	groups := []string{"gitlab:user"}
	for _, role := range p.Role.AndBelow() {
		groups = append(groups, fmt.Sprintf("gitlab:project_role:%d:%s", p.ID, roleName(role)))
	}
	return groups
}

// kubernetesFailed answers refusals as Kubernetes does, and failures of ours.
func (s *Server) kubernetesFailed(q *door.Request, err error) {
	var reason *model.Reason
	if door.IsRefusal(err) && errors.As(err, &reason) {
		q.Refused(err)
	}
	switch {
	case errors.Is(err, model.ErrUnauthenticated), errors.Is(err, model.ErrBlocked):
		kubernetesStatus(q, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	case errors.Is(err, model.ErrNotFound):
		kubernetesStatus(q, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	case reason != nil && door.IsRefusal(err):
		q.Reason(reason)
		kubernetesStatus(q, http.StatusForbidden, "Forbidden", "forbidden: "+reason.Text)
	case q.Failed(err) == http.StatusServiceUnavailable:
		kubernetesStatus(q, http.StatusServiceUnavailable, "ServiceUnavailable", "try again")
	default:
		kubernetesStatus(q, http.StatusInternalServerError, "InternalError", "Internal Server Error")
	}
}

// kubernetesStatus is a refusal in Kubernetes' own form (G82).
func kubernetesStatus(q *door.Request, status int, reason, text string) {
	body, err := json.Marshal(struct {
		Kind       string   `json:"kind"`
		APIVersion string   `json:"apiVersion"`
		Metadata   struct{} `json:"metadata"`
		Status     string   `json:"status"`
		Message    string   `json:"message"`
		Reason     string   `json:"reason"`
		Code       int      `json:"code"`
	}{Kind: "Status", APIVersion: "v1", Status: "Failure", Message: text, Reason: reason, Code: status})
	if err != nil {
		panic(err) // texts only
	}
	q.W.Header().Set("Content-Type", "application/json")
	q.W.WriteHeader(status)
	q.W.Write(body)
}
