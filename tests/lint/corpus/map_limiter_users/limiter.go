package limit

import (
	"net"
	"net/http"
	"sync"
	"time"
)

type bucket struct {
	mu    sync.Mutex
	left  float64
	since time.Time
}

func (b *bucket) take(rate, most float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.left = min64(most, b.left+rate*now.Sub(b.since).Seconds())
	b.since = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func min64(a, b float64) float64 {
	if a < b {
		return a
	}
	return b
}

type Limiter struct {
	Rate, Most float64

	mu   sync.Mutex
	byIP map[string]*bucket
}

func (l *Limiter) bucket(ip string) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.byIP[ip]
	if b == nil {
		if l.byIP == nil {
			l.byIP = make(map[string]*bucket)
		}
		b = &bucket{left: l.Most, since: time.Now()}
		l.byIP[ip] = b
	}
	return b
}

func (l *Limiter) Allow(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && l.bucket(host).take(l.Rate, l.Most)
}
