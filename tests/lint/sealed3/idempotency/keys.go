package idempotency

import (
	"sync"
	"time"
)

// Outcome is what a request came to.
type Outcome struct {
	Status int
	Body   []byte
}

type entry struct {
	outcome Outcome
	until   time.Time
}

// Keys remembers the outcomes of requests for a while.
type Keys struct {
	ttl   time.Duration
	clock func() time.Time

	mu      sync.Mutex
	entries map[string]entry
	swept   time.Time
}

// NewKeys makes an empty memory.
func NewKeys(ttl time.Duration) *Keys {
	return &Keys{ttl: ttl, clock: time.Now, entries: make(map[string]entry)}
}

// sweep wants the lock to be held.
func (k *Keys) sweep(now time.Time) {
	if now.Sub(k.swept) < k.ttl/4 {
		return
	}
	for key, e := range k.entries {
		if e.until.Before(now) {
			delete(k.entries, key)
		}
	}
	k.swept = now
}

// Lookup returns the outcome of an earlier request with the key.
func (k *Keys) Lookup(key string) (Outcome, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.entries[key]
	if !ok || e.until.Before(k.clock()) {
		return Outcome{}, false
	}
	return e.outcome, true
}

// Remember stores the outcome.
func (k *Keys) Remember(key string, o Outcome) {
	now := k.clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sweep(now)
	k.entries[key] = entry{outcome: o, until: now.Add(k.ttl)}
}
