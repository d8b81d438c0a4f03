package cprog

/*
#include <stdint.h>

static uintptr_t current;
static void set_progress(uintptr_t h) { current = h; }
static uintptr_t get_progress(void) { return current; }
static int run(int n) { return n; }
*/
import "C"

import "runtime/cgo"

type Progress func(done, of int)

type Worker struct {
	h cgo.Handle
}

// SetProgress replaces the callback.
func (w *Worker) SetProgress(p Progress) {
	w.h = cgo.NewHandle(p)
	C.set_progress(C.uintptr_t(w.h))
}

func (w *Worker) Run(n int) int {
	if h := C.get_progress(); h != 0 {
		cgo.Handle(h).Value().(Progress)(0, n)
	}
	return int(C.run(C.int(n)))
}
