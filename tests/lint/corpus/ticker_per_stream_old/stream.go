package stream

import (
	"fmt"
	"net/http"
	"time"
)

type Hub struct {
	Source func(topic string) (<-chan string, func())
}

// ServeHTTP sends events, and a comment every 15 seconds.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "no streaming", http.StatusNotImplemented)
		return
	}
	events, leave := h.Source(r.URL.Query().Get("topic"))
	defer leave()
	beat := time.NewTicker(15 * time.Second)
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			fmt.Fprintf(w, "data: %s\n\n", e)
		case <-beat.C:
			fmt.Fprint(w, ": beat\n\n")
		}
		flusher.Flush()
	}
}
