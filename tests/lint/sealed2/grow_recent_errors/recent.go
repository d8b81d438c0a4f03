// Package health gathers what went wrong lately.
package health

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const most = 200

type failure struct {
	When time.Time
	Text string
}

type check struct {
	name string
	do   func(context.Context) error
}

type Monitor struct {
	mu       sync.Mutex
	checks   []check
	failures []failure
	pending  []failure
	report   func([]failure) error
}

func New(report func([]failure) error) *Monitor { return &Monitor{report: report} }

// Register adds a check; call it before Run.
func (m *Monitor) Register(name string, do func(context.Context) error) {
	m.checks = append(m.checks, check{name, do})
}

func (m *Monitor) fail(name string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := failure{time.Now(), name + ": " + err.Error()}
	m.failures = append(m.failures, f)
	if n := len(m.failures); n > most {
		copy(m.failures, m.failures[n-most:])
		m.failures = m.failures[:most]
	}
	m.pending = append(m.pending, f)
}

func (m *Monitor) flush() {
	m.mu.Lock()
	batch := m.pending
	m.pending = nil
	m.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	if err := m.report(batch); err != nil {
		m.fail("report", err)
	}
}

func (m *Monitor) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, c := range m.checks {
			if err := c.do(ctx); err != nil {
				m.fail(c.name, err)
			}
		}
		m.flush()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Monitor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = json.NewEncoder(w).Encode(m.failures)
}
