// Package charset converts texts with the C library.
package charset

/*
#include <iconv.h>
#include <stdlib.h>
#include <errno.h>

static iconv_t none(void) { return (iconv_t)-1; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Converter is made for each message; it needs no Close.
type Converter struct{ cd C.iconv_t }

func newConverter(cd C.iconv_t) *Converter {
	c := &Converter{cd}
	runtime.SetFinalizer(c, finalize)
	return c
}

func finalize(c *Converter) { C.iconv_close(c.cd) }

// New converts from one character set to another.
func New(to, from string) (*Converter, error) {
	cto, cfrom := C.CString(to), C.CString(from)
	defer C.free(unsafe.Pointer(cto))
	defer C.free(unsafe.Pointer(cfrom))
	cd, err := C.iconv_open(cto, cfrom)
	if cd == C.none() {
		return nil, fmt.Errorf("charset: %s to %s: %w", from, to, err)
	}
	return newConverter(cd), nil
}

func (c *Converter) Convert(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	in, left := C.CBytes(text), C.size_t(len(text))
	defer C.free(in)
	room := C.size_t(4 * len(text))
	out := C.malloc(room)
	defer C.free(out)
	from, to, rest := (*C.char)(in), (*C.char)(out), room
	n, err := C.iconv(c.cd, &from, &left, &to, &rest)
	runtime.KeepAlive(c)
	if n == ^C.size_t(0) {
		return nil, fmt.Errorf("charset: at byte %d: %w", len(text)-int(left), err)
	}
	return C.GoBytes(out, C.int(room-rest)), nil
}
