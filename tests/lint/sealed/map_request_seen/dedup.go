package dedup

import (
	"net/http"
	"sync"
	"time"
)

var (
	mu   sync.Mutex
	seen = make(map[string]time.Time)
)

// Once lets each request id pass only once.
func Once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		mu.Lock()
		_, twice := seen[id]
		seen[id] = time.Now()
		mu.Unlock()
		if twice {
			w.WriteHeader(http.StatusConflict)
			return
		}
		next.ServeHTTP(w, r)
	})
}
