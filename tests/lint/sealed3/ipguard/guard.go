package ipguard

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Guard lets every address through only so often.
type Guard struct {
	Rate   float64
	Burst  float64
	Trust  []*net.IPNet
	Header string

	mu      sync.Mutex
	buckets map[string]*bucket
}

// New makes a guard.
func New(rate, burst float64) *Guard {
	return &Guard{Rate: rate, Burst: burst, Header: "X-Forwarded-For", buckets: map[string]*bucket{}}
}

func (g *Guard) trusted(ip net.IP) bool {
	for _, n := range g.Trust {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

func (g *Guard) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && g.trusted(ip) {
		if first, _, _ := strings.Cut(r.Header.Get(g.Header), ","); first != "" {
			return strings.TrimSpace(first)
		}
	}
	return host
}

// Allow says whether the address may go on.
func (g *Guard) Allow(addr string) bool {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	b, ok := g.buckets[addr]
	if !ok {
		b = &bucket{tokens: g.Burst, last: now}
		g.buckets[addr] = b
	}
	return b.take(now, g.Rate, g.Burst)
}

// Wrap guards a handler.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.Allow(g.address(r)) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}
