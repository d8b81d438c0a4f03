package uring

/*
#include <stddef.h>

static int provide(void *p, size_t n, int id) { return p && n ? id : -1; }
static int retract(int id) { return id; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Group is a set of buffers that the kernel writes into.
type Group struct {
	pin  runtime.Pinner
	bufs [][]byte
	ids  []int
}

func NewGroup(count, size int) *Group {
	g := &Group{}
	for i := 0; i < count; i++ {
		b := make([]byte, size)
		g.pin.Pin(&b[0])
		g.bufs = append(g.bufs, b)
		g.ids = append(g.ids, int(C.provide(unsafe.Pointer(&b[0]), C.size_t(size), C.int(i))))
	}
	return g
}

func (g *Group) Buffer(i int) []byte { return g.bufs[i] }

func (g *Group) Close() {
	for _, id := range g.ids {
		C.retract(C.int(id))
	}
	g.bufs, g.ids = nil, nil
}
