package cwith

/*
#include <stdint.h>

static int call(uintptr_t h) { return h != 0; }
*/
import "C"

import (
	"errors"
	"runtime/cgo"
)

var ErrNo = errors.New("cwith: no")

// Share gives v's handle and what ends it.
func Share(v any) (uintptr, func()) {
	h := cgo.NewHandle(v)
	return uintptr(h), h.Delete
}

func Call(v any) (err error) {
	h := cgo.NewHandle(v)
	defer func() {
		h.Delete()
		if recover() != nil {
			err = ErrNo
		}
	}()
	if C.call(C.uintptr_t(h)) == 0 {
		return ErrNo
	}
	return nil
}

func Both(a, b any) error {
	_, done := Share(a)
	defer done()
	return Call(b)
}
