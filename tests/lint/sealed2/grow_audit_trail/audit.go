// Package admin is the internal interface of a shop.
package admin

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

type entry struct {
	When   time.Time `json:"when"`
	Who    string    `json:"who"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Agent  string    `json:"agent"`
}

type Audit struct {
	mu      sync.Mutex
	entries []entry
	next    http.Handler
}

func NewAudit(next http.Handler) *Audit { return &Audit{next: next} }

// ServeHTTP notes who did what, and lets the request through.
func (a *Audit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/audit" {
		a.list(w, r.FormValue("who"))
		return
	}
	user, _, _ := r.BasicAuth()
	e := entry{time.Now(), user, r.Method, r.URL.Path, r.UserAgent()}
	a.mu.Lock()
	a.entries = append(a.entries, e)
	a.mu.Unlock()
	a.next.ServeHTTP(w, r)
}

func (a *Audit) list(w http.ResponseWriter, who string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := json.NewEncoder(w)
	for i := len(a.entries) - 1; i >= 0; i-- {
		if who == "" || a.entries[i].Who == who {
			_ = out.Encode(a.entries[i])
		}
	}
}
