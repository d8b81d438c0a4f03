package pixels

/*
#include <stdlib.h>
#include <string.h>

static void invert(unsigned char *p, size_t n) { for (size_t i = 0; i < n; i++) p[i] = ~p[i]; }
static void darken(unsigned char *p, size_t n) { for (size_t i = 0; i < n; i++) p[i] /= 2; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Apply runs an operation on a copy of pix.
func Apply(op string, pix []byte) ([]byte, error) {
	n := C.size_t(len(pix))
	buf := C.malloc(n)
	C.memcpy(buf, unsafe.Pointer(unsafe.SliceData(pix)), n)
	switch op {
	case "invert":
		C.invert((*C.uchar)(buf), n)
	case "darken":
		C.darken((*C.uchar)(buf), n)
	default:
		return nil, fmt.Errorf("pixels: no operation %q", op)
	}
	out := C.GoBytes(buf, C.int(n))
	C.free(buf)
	return out, nil
}
