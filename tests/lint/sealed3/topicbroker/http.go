package topicbroker

import (
	"fmt"
	"net/http"
	"sync"
)

// Events serves a topic as server-sent events.
func Events(b *Broker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, ok := w.(http.Flusher)
		if !ok {
			http.Error(w, "no streaming", http.StatusNotImplemented)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		var mu sync.Mutex
		over := false
		cancel := b.Subscribe(r.URL.Query().Get("topic"), func(m Message) {
			mu.Lock()
			defer mu.Unlock()
			if over {
				return
			}
			fmt.Fprintf(w, "id: %s\ndata: %s\n\n", m.Key, m.Payload)
			out.Flush()
		})
		<-r.Context().Done()
		cancel()
		mu.Lock()
		over = true
		mu.Unlock()
	}
}
