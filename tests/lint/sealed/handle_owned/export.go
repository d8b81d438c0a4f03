package csession

// #include <stdint.h>
import "C"

import "runtime/cgo"

//export goDone
func goDone(p C.uintptr_t) {
	h := cgo.Handle(p)
	f := h.Value().(func())
	h.Delete()
	f()
}
