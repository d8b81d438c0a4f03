// Package vecio writes many pieces with one call.
package vecio

/*
#include <sys/uio.h>
#include <errno.h>
*/
import "C"

import (
	"fmt"
	"io"
	"runtime"
	"unsafe"
)

const most = 64

// vector holds pieces at their place while C looks at them.
type vector struct {
	pins runtime.Pinner
	v    []C.struct_iovec
	size int
}

func (x *vector) add(p []byte) {
	if len(p) == 0 {
		return
	}
	x.pins.Pin(&p[0])
	x.v = append(x.v, C.struct_iovec{iov_base: unsafe.Pointer(&p[0]), iov_len: C.size_t(len(p))})
	x.size += len(p)
}

func (x *vector) release() {
	x.pins.Unpin()
	x.v = x.v[:0]
	x.size = 0
}

// Write writes the pieces to a descriptor, 64 at a time.
func Write(fd int, pieces [][]byte) (total int, err error) {
	for len(pieces) > 0 {
		n := min(len(pieces), most)
		x := &vector{v: make([]C.struct_iovec, 0, n)}
		for _, p := range pieces[:n] {
			x.add(p)
		}
		if x.size == 0 {
			pieces = pieces[n:]
			continue
		}
		wrote, err := C.writev(C.int(fd), &x.v[0], C.int(len(x.v)))
		if wrote < 0 {
			return total, fmt.Errorf("vecio: %w", err)
		}
		total += int(wrote)
		if int(wrote) < x.size {
			return total, io.ErrShortWrite
		}
		x.release()
		pieces = pieces[n:]
	}
	return total, nil
}
