package cwatch

/*
#include <stdint.h>

static uintptr_t slots[64];
static void set(int fd, uintptr_t h) { if (fd >= 0 && fd < 64) slots[fd] = h; }
static uintptr_t get(int fd) { return fd >= 0 && fd < 64 ? slots[fd] : 0; }
*/
import "C"

import (
	"runtime/cgo"
	"sync"
)

type Watcher struct {
	mu      sync.Mutex
	handles map[int]cgo.Handle
}

func New() *Watcher { return &Watcher{handles: make(map[int]cgo.Handle)} }

func (w *Watcher) Add(fd int, ready func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, ok := w.handles[fd]; ok {
		old.Delete()
	}
	h := cgo.NewHandle(ready)
	w.handles[fd] = h
	C.set(C.int(fd), C.uintptr_t(h))
}

func (w *Watcher) Remove(fd int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h, ok := w.handles[fd]; ok {
		C.set(C.int(fd), 0)
		h.Delete()
		delete(w.handles, fd)
	}
}

func (w *Watcher) Ready(fd int) {
	if h := C.get(C.int(fd)); h != 0 {
		cgo.Handle(h).Value().(func())()
	}
}
