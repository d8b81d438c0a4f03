package names

/*
#include <stdlib.h>
#include <string.h>

static int legal(const char *s) { return s[0] != 0 && strchr(s, '/') == NULL; }
static size_t width(const char *s) { return strlen(s); }
*/
import "C"

import (
	"errors"
	"unsafe"
)

var ErrIllegal = errors.New("names: illegal")

func free(p *C.char) { C.free(unsafe.Pointer(p)) }

func with(s string, f func(*C.char) C.int) int {
	c := C.CString(s)
	defer free(c)
	return int(f(c))
}

func Legal(s string) bool {
	return with(s, func(c *C.char) C.int { return C.legal(c) }) != 0
}
