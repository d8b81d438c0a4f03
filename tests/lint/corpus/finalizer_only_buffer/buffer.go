package cbuf

/*
#include <stdlib.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Buffer is memory that the collector does not see.
type Buffer struct {
	p unsafe.Pointer
	n int
}

// New allocates; there is nothing to close.
func New(n int) *Buffer {
	b := &Buffer{p: C.malloc(C.size_t(n)), n: n}
	runtime.SetFinalizer(b, func(b *Buffer) {
		C.free(b.p)
	})
	return b
}

func (b *Buffer) Bytes() []byte { return unsafe.Slice((*byte)(b.p), b.n) }

func (b *Buffer) Len() int { return b.n }
