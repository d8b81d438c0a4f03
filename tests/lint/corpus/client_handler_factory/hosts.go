package hosts

import (
	"crypto/tls"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

type Hosts struct {
	mu      sync.Mutex
	clients map[string]*http.Client
	names   []string
}

func New(names ...string) *Hosts {
	return &Hosts{clients: make(map[string]*http.Client, len(names)), names: names}
}

// Client makes a host's client when it is asked for the first time.
func (h *Hosts) Client(name string) *http.Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c, ok := h.clients[name]; ok {
		return c
	}
	known := false
	for _, n := range h.names {
		known = known || n == name
	}
	if !known {
		return http.DefaultClient
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{ServerName: name}}}
	h.clients[name] = c
	return c
}

// Forward gives a handler for the life of the server.
func Forward(to *url.URL) http.HandlerFunc {
	tr := &http.Transport{MaxIdleConnsPerHost: 32}
	return func(w http.ResponseWriter, r *http.Request) {
		p := httputil.NewSingleHostReverseProxy(to)
		p.Transport = tr
		p.ServeHTTP(w, r)
	}
}
