package errfeed

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Failure is one error that somebody reported.
type Failure struct {
	At      time.Time `json:"at"`
	Service string    `json:"service"`
	Text    string    `json:"text"`
}

const shown = 500

// Feed keeps the last failures and hands all of them on in bulk.
type Feed struct {
	ship func([]Failure) error

	mu      sync.Mutex
	recent  []Failure
	waiting []Failure
	lost    int
}

// New makes a feed that hands on with ship.
func New(ship func([]Failure) error) *Feed {
	return &Feed{ship: ship}
}

// Report adds a failure.
func (f *Feed) Report(service, text string) {
	now := Failure{At: time.Now(), Service: service, Text: text}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent = append(f.recent, now)
	if extra := len(f.recent) - shown; extra > 0 {
		f.recent = slices.Delete(f.recent, 0, extra)
	}
	if len(f.waiting) < 10*shown {
		f.waiting = append(f.waiting, now)
	} else {
		f.lost++
	}
}

// Flush hands on what waits.
func (f *Feed) Flush() error {
	f.mu.Lock()
	batch := f.waiting
	f.waiting = nil
	f.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	return f.ship(batch)
}

// ServeHTTP shows the last failures.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	list := slices.Clone(f.recent)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(list)
}
