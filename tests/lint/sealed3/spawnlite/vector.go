package spawnlite

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

// vector returns the words as a C array that ends with NULL, and what frees it.
func vector(words []string) (**C.char, func()) {
	size := C.size_t(unsafe.Sizeof(uintptr(0)))
	array := (**C.char)(C.calloc(C.size_t(len(words)+1), size))
	slots := unsafe.Slice(array, len(words))
	for i, w := range words {
		slots[i] = C.CString(w)
	}
	return array, func() {
		for _, s := range slots {
			C.free(unsafe.Pointer(s))
		}
		C.free(unsafe.Pointer(array))
	}
}
