package chash

/*
#include <stdint.h>
#include <stdlib.h>

static uint64_t fnv(const unsigned char *p, size_t n) {
	uint64_t h = 1469598103934665603u;
	for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211u;
	return h;
}
*/
import "C"

import "sync"

type Set struct {
	mu   sync.Mutex
	seen map[uint64]struct{}
	most int
}

func NewSet(most int) *Set { return &Set{seen: make(map[uint64]struct{}), most: most} }

func sum(b []byte) uint64 {
	p := C.CBytes(b)
	return uint64(C.fnv((*C.uchar)(p), C.size_t(len(b))))
}

// Add says whether b is new.
func (s *Set) Add(b []byte) bool {
	h := sum(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.seen[h]; ok {
		return false
	}
	if len(s.seen) >= s.most {
		clear(s.seen)
	}
	s.seen[h] = struct{}{}
	return true
}
