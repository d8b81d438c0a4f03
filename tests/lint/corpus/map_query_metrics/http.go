package stats

import (
	"fmt"
	"net/http"
)

func (c *Counts) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Add(r.URL.Path)
		next.ServeHTTP(w, r)
	})
}

func (c *Counts) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.Lock()
	defer c.Unlock()
	for path, n := range c.by {
		fmt.Fprintln(w, path, n.Load())
	}
}
