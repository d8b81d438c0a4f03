package direct

/*
#include <stddef.h>
#include <string.h>

static int fill(void *p, size_t n) { memset(p, 7, n); return 0; }
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

var ErrRead = errors.New("direct: read")

func Read(buf []byte) (int, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&buf[0])
	if C.fill(unsafe.Pointer(&buf[0]), C.size_t(len(buf))) != 0 {
		return 0, ErrRead
	}
	return len(buf), nil
}

// Area is memory that C may use until Close.
type Area struct {
	pin runtime.Pinner
	buf []byte
}

func NewArea(n int) *Area {
	a := &Area{buf: make([]byte, n)}
	a.pin.Pin(&a.buf[0])
	return a
}

func (a *Area) Pointer() unsafe.Pointer { return unsafe.Pointer(&a.buf[0]) }

func (a *Area) Close() { a.pin.Unpin() }
