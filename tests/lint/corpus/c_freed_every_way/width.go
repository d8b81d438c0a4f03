package names

/*
#include <stdlib.h>
#include <string.h>

static int legal2(const char *s) { return s[0] != 0; }
static size_t width2(const char *s) { return strlen(s); }
*/
import "C"

import "unsafe"

func Width(s string) (int, error) {
	c := C.CString(s)
	if C.legal2(c) == 0 {
		C.free(unsafe.Pointer(c))
		return 0, ErrIllegal
	}
	n := int(C.width2(c))
	C.free(unsafe.Pointer(c))
	return n, nil
}

func Wider(a, b string) bool {
	ca, cb := C.CString(a), C.CString(b)
	defer func() {
		C.free(unsafe.Pointer(ca))
		C.free(unsafe.Pointer(cb))
	}()
	return C.width2(ca) > C.width2(cb)
}
