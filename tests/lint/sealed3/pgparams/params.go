package pgparams

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

// params are the arguments of one query as C wants them.
type params struct {
	n      int
	values **C.char
}

func newParams(args []*string) *params {
	if len(args) == 0 {
		return &params{}
	}
	p := &params{
		n:      len(args),
		values: (**C.char)(C.calloc(C.size_t(len(args)), C.size_t(unsafe.Sizeof(uintptr(0))))),
	}
	slots := unsafe.Slice(p.values, p.n)
	for i, a := range args {
		if a != nil {
			slots[i] = C.CString(*a)
		}
	}
	return p
}

func (p *params) free() {
	if p.values != nil {
		C.free(unsafe.Pointer(p.values))
		p.values = nil
	}
}
