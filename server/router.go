package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"patrol/server/door"
)

// Handler answers every address of the server.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.House.Serve(s.answers(w, r), r, s.route) })
}

func (s *Server) route(q *door.Request) {
	switch path := q.Path; {
	case path == "/-/liveness":
		s.probe(q, nil, "")
	case path == "/-/readiness":
		s.probe(q, s.ready(q.Context), s.Store.Warning())
	case path == "/-/metrics":
		s.measures(q)
	case isAI(path):
		s.ai(q)
	case path == kubernetesPath || strings.HasPrefix(path, kubernetesPath+"/"):
		s.kubernetes(q)
	case strings.HasPrefix(path, "/jwt/"):
		s.registry(q)
	case path == "/auth":
		s.site(q)
	case path == "/api" || strings.HasPrefix(path, "/api/"):
		s.api.Serve(q, strings.TrimPrefix(path, "/api"))
	case isGoGet(q.R):
		(&gitCall{Request: q, s: s}).goGet()
	default:
		c := &gitCall{Request: q, s: s}
		c.serve()
	}
}

// probe answers with one word (G98), and a line on what isn't well.
func (s *Server) probe(q *door.Request, err error, warning string) {
	switch {
	case !q.Allow(http.MethodGet, http.MethodHead):
	case err != nil:
		q.Plain(http.StatusServiceUnavailable, "unavailable")
	case warning != "":
		q.Plain(http.StatusOK, "ok\nwarning: "+warning)
	default:
		q.Plain(http.StatusOK, "ok")
	}
}

func (s *Server) ready(ctx context.Context) error {
	if s.leaving.Err() != nil {
		return errors.New("draining")
	}
	err := s.Store.Ready(ctx)
	if err != nil {
		s.Log.Error("not ready", "error", err)
	}
	return err
}
