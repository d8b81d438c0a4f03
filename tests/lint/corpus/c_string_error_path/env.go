package cenv

/*
#include <stdlib.h>
#include <string.h>

static int known(const char *name) { return strncmp(name, "APP_", 4) == 0; }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

var ErrForeign = errors.New("cenv: not ours")

// Set sets a variable where C's getenv sees it.
func Set(name, value string) error {
	cname := C.CString(name)
	if C.known(cname) == 0 {
		return fmt.Errorf("%w: %s", ErrForeign, name)
	}
	cvalue := C.CString(value)
	rc := C.setenv(cname, cvalue, 1)
	C.free(unsafe.Pointer(cname))
	C.free(unsafe.Pointer(cvalue))
	if rc != 0 {
		return fmt.Errorf("cenv: %s: %d", name, int(rc))
	}
	return nil
}

func Get(name string) (string, bool) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	v := C.getenv(cname)
	return C.GoString(v), v != nil
}
