package charconv

/*
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

static int bad(iconv_t cd) { return cd == (iconv_t)-1; }
static int failed(size_t n) { return n == (size_t)-1; }
*/
import "C"

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// ErrInput is returned for bytes that the charset does not have.
var ErrInput = errors.New("charconv: bad input")

func open(from, to string) (C.iconv_t, error) {
	cfrom, cto := C.CString(from), C.CString(to)
	cd, err := C.iconv_open(cto, cfrom)
	C.free(unsafe.Pointer(cfrom))
	C.free(unsafe.Pointer(cto))
	if C.bad(cd) != 0 {
		return cd, fmt.Errorf("charconv: %s to %s: %w", from, to, err)
	}
	return cd, nil
}

// Convert returns text in another charset.
func Convert(text []byte, from, to string) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	cd, err := open(from, to)
	if err != nil {
		return nil, err
	}
	defer C.iconv_close(cd)

	in := C.CBytes(text)
	room := C.size_t(len(text)*4 + 16)
	out := C.malloc(room)
	defer func() {
		C.free(in)
		C.free(out)
	}()

	src, left := (*C.char)(in), C.size_t(len(text))
	dst, free := (*C.char)(out), room
	n, err := C.iconv(cd, &src, &left, &dst, &free)
	if C.failed(n) != 0 {
		if errors.Is(err, syscall.EILSEQ) || errors.Is(err, syscall.EINVAL) {
			return nil, fmt.Errorf("%w at byte %d", ErrInput, len(text)-int(left))
		}
		return nil, err
	}
	return C.GoBytes(out, C.int(room-free)), nil
}

// Known says whether the system has the charset.
func Known(charset string) bool {
	cd, err := open(charset, "UTF-8")
	if err != nil {
		return false
	}
	C.iconv_close(cd)
	return true
}
