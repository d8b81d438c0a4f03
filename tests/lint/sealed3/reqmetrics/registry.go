package reqmetrics

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"time"
)

type series struct {
	count uint64
	sum   time.Duration
	max   time.Duration
}

// family has the series of one metric by their labels.
type family struct {
	help   string
	labels []string
	series map[string]*series
}

func (f *family) at(values []string) *series {
	key := strings.Join(values, "\xff")
	if s := f.series[key]; s != nil {
		return s
	}
	s := new(series)
	f.series[key] = s
	return s
}

// Registry has all metrics of the process.
type Registry struct {
	mu       sync.Mutex
	families map[string]*family
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry {
	return &Registry{families: make(map[string]*family)}
}

// Define adds a metric.
func (r *Registry) Define(name, help string, labels ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families[name] = &family{help: help, labels: labels, series: make(map[string]*series)}
}

// Drop removes a metric.
func (r *Registry) Drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.families, name)
}

// Observe adds one duration.
func (r *Registry) Observe(name string, took time.Duration, values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.families[name]
	if !ok || len(values) != len(f.labels) {
		return
	}
	s := f.at(values)
	s.count++
	s.sum += took
	s.max = max(s.max, took)
}

// Dump writes all series as text.
func (r *Registry) Dump(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.families))
	for name := range r.families {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		f := r.families[name]
		fmt.Fprintf(w, "# HELP %s %s\n", name, f.help)
		for key, s := range f.series {
			values := strings.Split(key, "\xff")
			fmt.Fprintf(w, "%s_count{%q} %d\n", name, values, s.count)
			fmt.Fprintf(w, "%s_sum{%q} %g\n", name, values, s.sum.Seconds())
			fmt.Fprintf(w, "%s_max{%q} %g\n", name, values, s.max.Seconds())
		}
	}
}
