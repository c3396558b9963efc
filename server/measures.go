package server

import (
	"net/http"

	"patrol/model"
	"patrol/server/door"
	"patrol/server/metrics"
)

// count makes the metrics, and has the doors tell them what they do (G99).
func (s *Server) count() {
	from := metrics.Source{Store: s.Store, Revision: s.Revision, Processes: s.GitProcesses, Running: s.Git.Slots.Taken, Waiting: s.Git.Slots.Waiting}
	for _, l := range []door.Limit{door.TokenLimit, door.AddressLimit, door.LoginLimit} {
		from.Limited = append(from.Limited, metrics.LimitReached{Limit: string(l), Times: func() uint64 { return s.House.Reached(l) }})
	}
	s.metrics = metrics.New(from)
	s.House.Counts = s.metrics
}

// CountSessions has the SSH door's sessions among the metrics. It must be called
// once at most, and before Serve.
func (s *Server) CountSessions(now func() int) { s.metrics.CountSessions(now) }

// measures answers /-/metrics: to whom asks from the machine itself and shows no
// credentials, and to administrators (G99). For everybody else nothing is there.
func (s *Server) measures(q *door.Request) {
	if !q.Allow(http.MethodGet, http.MethodHead) {
		return
	}
	if q.R.Header.Get("Authorization") == "" && q.R.Header.Get("Private-Token") == "" && q.FromHere() {
		s.metrics.ServeHTTP(q.W, q.R)
		return
	}
	secret := shown(q.R)
	if secret.Empty() {
		q.Plain(http.StatusNotFound, "Not Found")
		return
	}
	q.Door = model.APIDoor
	err := q.Identify(q.Context, secret)
	if err == nil {
		err = q.Decide(model.RESTRead, model.ReadInstance, model.Target{})
	}
	switch {
	case err == nil:
		q.Used()
		s.metrics.ServeHTTP(q.W, q.R)
	case door.IsRefusal(err):
		q.Refused(err)
		q.Plain(http.StatusNotFound, "Not Found")
	default:
		status := q.Failed(err)
		q.Plain(status, http.StatusText(status))
	}
}
