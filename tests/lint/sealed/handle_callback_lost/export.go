package csort

// #include <stdint.h>
import "C"

import "runtime/cgo"

//export goLess
func goLess(h C.uintptr_t, a, b C.int) C.int {
	less := cgo.Handle(h).Value().(func(a, b int32) bool)
	if less(int32(a), int32(b)) {
		return 1
	}
	return 0
}
