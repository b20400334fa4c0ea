package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// metrics counts requests, in the text format of Prometheus. It names no service, person
// or repository.
type metrics struct {
	mutex    sync.Mutex
	requests map[outcome]*tally
	entries  int64
}

type outcome struct {
	route  string
	status int
}

type tally struct {
	count   int64
	seconds float64
	within  [len(bounds)]int64
}

// bounds are the upper bounds of the histogram, in seconds.
var bounds = [...]float64{0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10}

func newMetrics() *metrics { return &metrics{requests: map[outcome]*tally{}} }

func (m *metrics) request(route string, status int, took time.Duration) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := outcome{route, status}
	t := m.requests[key]
	if t == nil {
		t = &tally{}
		m.requests[key] = t
	}
	t.count++
	t.seconds += took.Seconds()
	for n, bound := range bounds {
		if took.Seconds() <= bound {
			t.within[n]++
		}
	}
}

func (m *metrics) appended(n int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.entries += int64(n)
}

// text writes what was counted.
func (m *metrics) text() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	keys := make([]outcome, 0, len(m.requests))
	for key := range m.requests {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b outcome) int { return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.status, b.status)) })
	var b strings.Builder
	b.WriteString("# HELP prodgate_entries_appended_total Entries that were acknowledged, retries included.\n# TYPE prodgate_entries_appended_total counter\n")
	fmt.Fprintf(&b, "prodgate_entries_appended_total %d\n", m.entries)
	b.WriteString("# HELP prodgate_request_seconds Time to answer a request.\n# TYPE prodgate_request_seconds histogram\n")
	for _, key := range keys {
		t, labels := m.requests[key], fmt.Sprintf("route=%q,status=\"%d\"", key.route, key.status)
		for n, bound := range bounds {
			fmt.Fprintf(&b, "prodgate_request_seconds_bucket{%s,le=\"%g\"} %d\n", labels, bound, t.within[n])
		}
		fmt.Fprintf(&b, "prodgate_request_seconds_bucket{%s,le=\"+Inf\"} %d\n", labels, t.count)
		fmt.Fprintf(&b, "prodgate_request_seconds_sum{%s} %g\nprodgate_request_seconds_count{%s} %d\n", labels, t.seconds, labels, t.count)
	}
	return b.String()
}

// measure answers /metrics.
func (s *Server) measure(w http.ResponseWriter, r *http.Request) {
	body := s.metrics.text()
	if size, err := s.log.Size(r.Context()); err == nil {
		body += fmt.Sprintf("# HELP prodgate_trail_entries Entries of the trail.\n# TYPE prodgate_trail_entries gauge\nprodgate_trail_entries %d\n", size)
	}
	header(w, "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(body)) // a caller that is gone
}
