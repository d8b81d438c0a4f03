package reqmetrics

import (
	"net/http"
	"strconv"
	"time"
)

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Middleware measures the handler.
func Middleware(reg *Registry, next http.Handler) http.Handler {
	reg.Define("http_request", "Time to answer.", "method", "path", "agent", "status")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		start := time.Now()
		next.ServeHTTP(rec, r)
		reg.Observe("http_request", time.Since(start), r.Method, r.URL.Path, r.UserAgent(), strconv.Itoa(rec.status))
	})
}
