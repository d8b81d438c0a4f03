package pinned

/*
#include <stddef.h>

static size_t use(void *p, size_t n) { return p ? n : 0; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Pin gives a pointer and what ends it.
func Pin(b []byte) (unsafe.Pointer, func()) {
	p := &runtime.Pinner{}
	p.Pin(&b[0])
	return unsafe.Pointer(&b[0]), p.Unpin
}

func Use(b []byte) int {
	at, done := Pin(b)
	defer done()
	return int(C.use(at, C.size_t(len(b))))
}

func Each(bs ...[]byte) (n int) {
	for _, b := range bs {
		func() {
			var p runtime.Pinner
			defer func() { p.Unpin() }()
			p.Pin(&b[0])
			n += int(C.use(unsafe.Pointer(&b[0]), C.size_t(len(b))))
		}()
	}
	return n
}
