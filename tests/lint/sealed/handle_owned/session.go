package csession

/*
#include <stdint.h>

extern void goDone(uintptr_t h);

static void finish(uintptr_t h) { goDone(h); }
static int step(uintptr_t h, int n) { return n + (h != 0); }
*/
import "C"

import "runtime/cgo"

type Session struct {
	h     cgo.Handle
	state *state
}

type state struct{ steps int }

func Open() *Session {
	s := &state{}
	return &Session{h: cgo.NewHandle(s), state: s}
}

func (s *Session) Step() int {
	s.state.steps = int(C.step(C.uintptr_t(s.h), C.int(s.state.steps)))
	return s.state.steps
}

func (s *Session) Close() {
	if s.h != 0 {
		s.h.Delete()
		s.h = 0
	}
}

// Later hands f to C, which calls it once.
func Later(f func()) {
	C.finish(C.uintptr_t(cgo.NewHandle(f)))
}

func Now(n int) int {
	h := cgo.NewHandle(n)
	defer h.Delete()
	return int(C.step(C.uintptr_t(h), C.int(n)))
}
