package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"patrol/model"
)

// What the store is asked for, at most how often, and how long it may take.
const (
	outlookEvery    = 10 * time.Second
	outlookPatience = 5 * time.Second
)

var (
	commitSizes = prometheus.NewDesc("patrol_commit_changes", "Commits by how many changes they held together.", nil, nil)
	expiring    = prometheus.NewDesc("patrol_tokens_expiring", "Live tokens that expire within so many days; at most 100000.", []string{"days"}, nil)
	noticeAge   = prometheus.NewDesc("patrol_oldest_notice_age_seconds", "Age of the oldest notice that was not delivered; 0: none waits.", nil, nil)
	failing     = prometheus.NewDesc("patrol_notice_targets_failing", "Targets of notices that did not take what they were sent last.", nil, nil)
)

// stored collects what the store knows.
type stored struct {
	store model.Store

	mu      sync.Mutex
	known   bool
	asked   time.Time
	outlook model.Outlook
}

// Describe is for prometheus.Collector.
func (s *stored) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{commitSizes, expiring, noticeAge, failing} {
		to <- d
	}
}

// Collect is for prometheus.Collector. What the store can't tell is left out.
func (s *stored) Collect(to chan<- prometheus.Metric) {
	c := s.store.Commits()
	sizes, sum := map[float64]uint64{}, uint64(0)
	for i, n := range c.Batches {
		sum += n
		sizes[float64(model.BatchSizes[i])] = sum
	}
	to <- prometheus.MustNewConstHistogram(commitSizes, sum, float64(c.Changes), sizes)

	due, now, ok := s.now()
	if !ok {
		return
	}
	to <- prometheus.MustNewConstMetric(expiring, prometheus.GaugeValue, float64(due.In7), "7")
	to <- prometheus.MustNewConstMetric(expiring, prometheus.GaugeValue, float64(due.In30), "30")
	age := time.Duration(0)
	if !due.Notice.IsZero() {
		age = max(now.Sub(due.Notice), 0)
	}
	to <- prometheus.MustNewConstMetric(noticeAge, prometheus.GaugeValue, age.Seconds())
	to <- prometheus.MustNewConstMetric(failing, prometheus.GaugeValue, float64(due.FailingTargets))
}

// now is what is due, asked for again only after a while.
func (s *stored) now() (due model.Outlook, now time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.store.Now()
	if since := now.Sub(s.asked); s.asked.IsZero() || since >= outlookEvery || since < 0 {
		ctx, cancel := context.WithTimeout(context.Background(), outlookPatience)
		defer cancel()
		due, err := s.store.Outlook(ctx)
		s.outlook, s.asked, s.known = due, now, err == nil
	}
	return s.outlook, now, s.known
}
