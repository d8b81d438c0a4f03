// Package tee sends each request to a second place as well.
package tee

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"sync"
	"time"
)

var bodies = sync.Pool{
	New: func() any { return bytes.NewBuffer(make([]byte, 0, 4096)) },
}

type Tee struct {
	Shadow string
	Client *http.Client
	Next   http.Handler
}

// ServeHTTP answers as Next does; what the shadow says does not count.
func (t *Tee) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := bodies.Get().(*bytes.Buffer)
	defer func() {
		buf.Reset()
		bodies.Put(buf)
	}()
	if _, err := io.Copy(buf, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(buf.Bytes()))
	t.Next.ServeHTTP(w, r)
	t.shadow(r, buf.Bytes())
}

func (t *Tee) shadow(r *http.Request, body []byte) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, t.Shadow+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header = r.Header.Clone()
	start := time.Now()
	resp, err := t.Client.Do(req)
	if err != nil {
		log.Printf("tee: %v", err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	log.Printf("tee: %s in %s", resp.Status, time.Since(start))
}
