package server

import (
	"net/http"
	"strings"
)

// answers is what takes the answer to a request.
func (s *Server) answers(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), s.House.Prefix()); ok && path == "/auth" {
		return &siteAnswers{ResponseWriter: w}
	}
	return w
}

// siteAnswers keeps /auth to the answers that proxies take (G90), whatever
// answers there: limits, a panic. The status is 200, 401, 403 or 5xx, nothing
// stands in the body, and nobody stores it. The log has the status as it was
// meant.
type siteAnswers struct {
	http.ResponseWriter
	answered bool
}

func (w *siteAnswers) WriteHeader(status int) {
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.answered = true
	switch {
	case status == http.StatusOK, status == http.StatusUnauthorized, status == http.StatusForbidden, status >= 500:
	default: // too many requests
		status = http.StatusServiceUnavailable
	}
	h := w.Header()
	delete(h, "Content-Type")
	h["Cache-Control"] = []string{"no-store"}
	w.ResponseWriter.WriteHeader(status)
}

func (w *siteAnswers) Write(body []byte) (int, error) {
	if !w.answered {
		w.WriteHeader(http.StatusOK)
	}
	return len(body), nil
}

// Unwrap leads http.ResponseController to deadlines.
func (w *siteAnswers) Unwrap() http.ResponseWriter { return w.ResponseWriter }
