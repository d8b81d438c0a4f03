package dnscache

import (
	"context"
	"net"
	"sync"
	"time"
)

type record struct {
	addrs []string
	until time.Time
}

// Resolver asks the system and remembers the answers.
type Resolver struct {
	TTL time.Duration

	mu      sync.Mutex
	records *lru[string, record]
	pending map[string]*call
}

type call struct {
	done  chan struct{}
	addrs []string
	err   error
}

// NewResolver makes a resolver that remembers so many names.
func NewResolver(names int, ttl time.Duration) *Resolver {
	return &Resolver{TTL: ttl, records: newLRU[string, record](names), pending: make(map[string]*call)}
}

// LookupHost returns the addresses of host.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	r.mu.Lock()
	if rec, ok := r.records.get(host); ok && time.Now().Before(rec.until) {
		r.mu.Unlock()
		return rec.addrs, nil
	}
	c, ok := r.pending[host]
	if !ok {
		c = &call{done: make(chan struct{})}
		r.pending[host] = c
		go r.resolve(host, c)
	}
	r.mu.Unlock()
	select {
	case <-c.done:
		return c.addrs, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *Resolver) resolve(host string, c *call) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c.addrs, c.err = net.DefaultResolver.LookupHost(ctx, host)
	r.mu.Lock()
	delete(r.pending, host)
	if c.err == nil {
		r.records.put(host, record{addrs: c.addrs, until: time.Now().Add(r.TTL)})
	}
	r.mu.Unlock()
	close(c.done)
}
