package proxy

import (
	"io"
	"net"
	"net/http"
	"time"
)

type Handler struct {
	Upstream string
	Dial     net.Dialer
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.DialContext = h.Dial.DialContext
	tr.ResponseHeaderTimeout = 5 * time.Second
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.URL.Scheme = "http"
	out.URL.Host = h.Upstream
	resp, err := tr.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}
