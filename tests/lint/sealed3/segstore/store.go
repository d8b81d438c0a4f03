package segstore

import (
	"bytes"
	"errors"
	"sync"
)

// ErrNone is returned when no segment has the key.
var ErrNone = errors.New("segstore: no such key")

// Store reads from segments; the newest comes first.
type Store struct {
	mu       sync.RWMutex
	segments []*segment
}

// Load takes new segments in place of the old ones.
func (s *Store) Load(names []string) error {
	var fresh []*segment
	for _, name := range names {
		seg, err := openSegment(name)
		if err != nil {
			for _, seg := range fresh {
				seg.release()
			}
			return err
		}
		fresh = append(fresh, seg)
	}
	s.mu.Lock()
	old := s.segments
	s.segments = fresh
	s.mu.Unlock()
	for _, seg := range old {
		seg.release()
	}
	return nil
}

func (s *Store) view() (segs []*segment, done func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, seg := range s.segments {
		segs = append(segs, seg.acquire())
	}
	return segs, func() {
		for _, seg := range segs {
			seg.release()
		}
	}
}

// Get returns the value of the first line that begins with the key.
func (s *Store) Get(key string) (string, error) {
	segs, done := s.view()
	defer done()
	for _, seg := range segs {
		for line := range bytes.Lines(seg.data) {
			if rest, ok := bytes.CutPrefix(line, []byte(key+"=")); ok {
				return string(bytes.TrimSpace(rest)), nil
			}
		}
	}
	return "", ErrNone
}

// Newest returns the name of the newest segment.
func (s *Store) Newest() (name string, size int) {
	s.mu.RLock()
	if len(s.segments) == 0 {
		s.mu.RUnlock()
		return "", 0
	}
	seg := s.segments[0].acquire()
	s.mu.RUnlock()
	name, size = seg.name, len(seg.data)
	seg.release()
	return name, size
}

// Close lets go of all segments.
func (s *Store) Close() error { return s.Load(nil) }
