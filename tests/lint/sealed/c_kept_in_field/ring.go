package ring

/*
#include <stdlib.h>
#include <string.h>

*/
import "C"

import "unsafe"

var version = C.CString("ring/1")

type Ring struct {
	buf  unsafe.Pointer
	name *C.char
	size int
}

func New(name string, size int) *Ring {
	return &Ring{
		buf:  C.malloc(C.size_t(size)),
		name: C.CString(name),
		size: size,
	}
}

func (r *Ring) Bytes() []byte { return unsafe.Slice((*byte)(r.buf), r.size) }

func (r *Ring) Name() string { return C.GoString(r.name) + " " + C.GoString(version) }

func (r *Ring) Close() {
	if r.buf == nil {
		return
	}
	C.free(r.buf)
	C.free(unsafe.Pointer(r.name))
	r.buf, r.name = nil, nil
}
