package watchhub

import (
	"context"
	"errors"
	"sync"
)

// Change is one thing that changed below a prefix.
type Change struct {
	Key      string
	Value    []byte
	Revision int64
}

// Source tells of changes.
type Source interface {
	Watch(ctx context.Context, prefix string, after int64) (<-chan Change, error)
}

type watch struct {
	prefix string
	cancel context.CancelFunc
	seen   int64
}

// Hub keeps the watches of all connected users.
type Hub struct {
	base   context.Context
	source Source

	mu      sync.Mutex
	watches map[string]*watch
}

// NewHub makes a hub whose watches end with base.
func NewHub(base context.Context, source Source) *Hub {
	return &Hub{base: base, source: source, watches: make(map[string]*watch)}
}

// ErrTaken is returned for an id that is in use.
var ErrTaken = errors.New("watchhub: id is in use")

// Add starts a watch.
func (h *Hub) Add(id, prefix string, after int64) (<-chan Change, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.watches[id]; ok {
		return nil, ErrTaken
	}
	ctx, cancel := context.WithCancel(h.base)
	changes, err := h.source.Watch(ctx, prefix, after)
	if err != nil {
		cancel()
		return nil, err
	}
	h.watches[id] = &watch{prefix: prefix, cancel: cancel, seen: after}
	return changes, nil
}

// Ack remembers how far the user has read.
func (h *Hub) Ack(id string, revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w, ok := h.watches[id]; ok && w.seen < revision {
		w.seen = revision
	}
}

// Remove ends the watch and says how far the user had read.
func (h *Hub) Remove(id string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	w, ok := h.watches[id]
	if !ok {
		return 0
	}
	delete(h.watches, id)
	return w.seen
}

// Shutdown ends all watches.
func (h *Hub) Shutdown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, w := range h.watches {
		w.cancel()
		delete(h.watches, id)
	}
}
