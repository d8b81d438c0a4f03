// Package czlib compresses with the system's zlib.
package czlib

/*
#cgo LDFLAGS: -lz
#include <stdlib.h>
#include <zlib.h>

static int start(z_stream *s, int level) { return deflateInit(s, level); }
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"unsafe"
)

const size = 64 << 10

var ErrClosed = errors.New("czlib: closed")

type Writer struct {
	to  io.Writer
	zs  *C.z_stream
	out unsafe.Pointer
}

func NewWriter(to io.Writer, level int) (*Writer, error) {
	zs := (*C.z_stream)(C.calloc(1, C.sizeof_z_stream))
	if zs == nil {
		return nil, errors.New("czlib: no memory")
	}
	if rc := C.start(zs, C.int(level)); rc != C.Z_OK {
		C.free(unsafe.Pointer(zs))
		return nil, fmt.Errorf("czlib: level %d: %d", level, rc)
	}
	w := &Writer{to: to, zs: zs}
	w.out = C.malloc(size)
	return w, nil
}

func (w *Writer) deflate(flush C.int) error {
	for {
		w.zs.next_out = (*C.Bytef)(w.out)
		w.zs.avail_out = size
		if rc := C.deflate(w.zs, flush); rc == C.Z_STREAM_ERROR {
			return fmt.Errorf("czlib: deflate: %d", rc)
		}
		n := size - int(w.zs.avail_out)
		if _, err := w.to.Write(unsafe.Slice((*byte)(w.out), n)); err != nil {
			return err
		}
		if w.zs.avail_out != 0 {
			return nil
		}
	}
}

func (w *Writer) Write(p []byte) (int, error) {
	if w.zs == nil {
		return 0, ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	in := C.CBytes(p)
	w.zs.next_in = (*C.Bytef)(in)
	w.zs.avail_in = C.uInt(len(p))
	err := w.deflate(C.Z_NO_FLUSH)
	C.free(in)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes the rest and frees; the Writer is of no use afterwards.
func (w *Writer) Close() error {
	if w.zs == nil {
		return nil
	}
	err := w.deflate(C.Z_FINISH)
	C.deflateEnd(w.zs)
	C.free(unsafe.Pointer(w.zs))
	C.free(w.out)
	w.zs, w.out = nil, nil
	return err
}
