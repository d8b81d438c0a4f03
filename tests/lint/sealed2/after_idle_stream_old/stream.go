// Package relay sends a stream of events on and keeps it alive.
package relay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

type Event struct {
	Name string
	Data string
}

type Source interface {
	Subscribe(ctx context.Context) (<-chan Event, error)
}

type Relay struct {
	Source Source
	Idle   time.Duration
}

// ServeHTTP is an endpoint of server-sent events.
func (s *Relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "no streaming", http.StatusInternalServerError)
		return
	}
	events, err := s.Source.Subscribe(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		idle := time.After(s.Idle)
		select {
		case <-r.Context().Done():
			return
		case e, open := <-events:
			if !open {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, e.Data)
		case <-idle:
			_, _ = io.WriteString(w, ": keep-alive\n\n")
		}
		flusher.Flush()
	}
}
