package cpath

/*
#include <limits.h>
#include <stdlib.h>
#include <string.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Real gives the path without symbolic links.
func Real(path string) (string, error) {
	in := C.CString(path)
	defer C.free(unsafe.Pointer(in))
	out, err := C.realpath(in, nil)
	if out == nil {
		return "", fmt.Errorf("realpath %s: %w", path, err)
	}
	return C.GoString(out), nil
}

// Upper duplicates and frees.
func Upper(s string) string {
	in := C.CString(s)
	dup := C.strdup(in)
	C.free(unsafe.Pointer(in))
	for p := (*[1 << 20]byte)(unsafe.Pointer(dup))[:len(s):len(s)]; len(p) > 0; p = p[1:] {
		if 'a' <= p[0] && p[0] <= 'z' {
			p[0] -= 'a' - 'A'
		}
	}
	out := C.GoString(dup)
	C.free(unsafe.Pointer(dup))
	return out
}
