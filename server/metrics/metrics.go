// Package metrics counts what the server does, and tells Prometheus (G99). No
// label holds what a client or a person has written.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"patrol/model"
)

// Source is where numbers come from that somebody else keeps. All are required.
type Source struct {
	Store     model.Store
	Revision  string
	Processes int            // of Git, at most
	Running   func() int     // of them
	Waiting   func() int     // requests for one
	Limited   []LimitReached // requests that were refused by a limit
}

// LimitReached is how often one limit was.
type LimitReached struct {
	Limit string // the setting's key
	Times func() uint64
}

// Metrics counts. It is told by doors.
type Metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	refused   sync.Map // decision: prometheus.Counter
	doors     map[model.Door]counters
	handler   http.Handler
}

// counters are those of a door, looked up once.
type counters struct {
	label   string
	allowed prometheus.Counter
	took    prometheus.Observer
}

// decision is a refusal's labels.
type decision struct {
	door model.Door
	rule string
}

// other stands for whatever has no label of its own.
const other = "other"

// doors are those through which requests come.
var doors = []model.Door{model.APIDoor, model.GitDoor, model.RegistryDoor, model.AuthDoor, model.GatewayDoor, model.SSHDoor}

// seconds are the bounds of the times: a token is looked at in less than a
// millisecond, a clone may take half an hour.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600, 1800}

// New makes the metrics of a server.
func New(from Source) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), doors: map[model.Door]counters{}}
	m.decisions = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "patrol_decisions_total",
		Help: "Decisions by door, outcome and, where somebody was refused, the rule."}, []string{"door", "outcome", "rule"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "patrol_request_duration_seconds", Buckets: seconds,
		Help: "How long requests and SSH sessions took, by door."}, []string{"door"})
	for _, d := range doors {
		m.doors[d] = counters{string(d), m.decisions.WithLabelValues(string(d), "allowed", ""), took.WithLabelValues(string(d))}
	}
	m.doors[""] = counters{other, m.decisions.WithLabelValues(other, "allowed", ""), took.WithLabelValues(other)}
	m.registry.MustRegister(m.decisions, took, &stored{store: from.Store},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.asked(from)
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
	return m
}

// CountSessions adds the sessions of the SSH door, if there is one.
func (m *Metrics) CountSessions(now func() int) {
	m.gauge("patrol_ssh_sessions", "SSH sessions that run.", now)
}

func (m *Metrics) gauge(name, help string, value func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
}

// asked are the numbers that are asked for when somebody wants to know.
func (m *Metrics) asked(from Source) {
	m.gauge("patrol_git_processes", "Git processes that run.", from.Running)
	m.gauge("patrol_git_processes_limit", "How many Git processes may run.", func() int { return from.Processes })
	m.gauge("patrol_git_requests_waiting", "Requests that wait for a Git process.", from.Waiting)
	for _, l := range from.Limited {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "patrol_limited_total",
			Help: "Requests refused by a limit on how often somebody may ask.", ConstLabels: prometheus.Labels{"limit": l.Limit}},
			func() float64 { return float64(l.Times()) }))
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "patrol_build_info", Help: "1; which build it is.",
		ConstLabels: prometheus.Labels{"revision": from.Revision}}, func() float64 { return 1 }))
}

// Decided counts a decision.
func (m *Metrics) Decided(d model.Door, rule string, allowed bool) {
	c, known := m.doors[d]
	if !known {
		d, c = "", m.doors[""]
	}
	if allowed {
		c.allowed.Inc()
		return
	}
	if found, ok := m.refused.Load(decision{d, rule}); ok {
		found.(prometheus.Counter).Inc()
		return
	}
	if !model.IsRule(rule) {
		m.decisions.WithLabelValues(c.label, "refused", other).Inc()
		return
	}
	one := m.decisions.WithLabelValues(c.label, "refused", rule)
	m.refused.Store(decision{d, rule}, one)
	one.Inc()
}

// Answered counts a request and its time.
func (m *Metrics) Answered(d model.Door, took time.Duration) {
	c, known := m.doors[d]
	if !known {
		c = m.doors[""]
	}
	c.took.Observe(took.Seconds())
}

// ServeHTTP answers with all of it.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }
