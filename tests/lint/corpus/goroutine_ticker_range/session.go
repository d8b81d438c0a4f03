package session

import (
	"sync"
	"time"
)

type Session struct {
	ID string

	mu   sync.Mutex
	seen time.Time
	idle bool
}

func Open(id string) *Session {
	s := &Session{ID: id, seen: time.Now()}
	go s.expire()
	return s
}

func (s *Session) expire() {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for now := range t.C {
		s.mu.Lock()
		s.idle = now.Sub(s.seen) > time.Hour
		s.mu.Unlock()
	}
}

func (s *Session) Touch() {
	s.mu.Lock()
	s.seen = time.Now()
	s.mu.Unlock()
}
