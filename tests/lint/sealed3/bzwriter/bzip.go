package bzwriter

/*
#cgo LDFLAGS: -lbz2
#include <bzlib.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"unsafe"
)

const room = 32 << 10

// Writer packs what is written to it.
type Writer struct {
	to  io.Writer
	bz  *C.bz_stream
	in  *C.char
	out *C.char
}

// NewWriter makes a writer; level is 1 to 9.
func NewWriter(to io.Writer, level int) (*Writer, error) {
	bz := (*C.bz_stream)(C.calloc(1, C.sizeof_bz_stream))
	if rc := C.BZ2_bzCompressInit(bz, C.int(level), 0, 0); rc != C.BZ_OK {
		C.free(unsafe.Pointer(bz))
		return nil, fmt.Errorf("bzip2: code %d", int(rc))
	}
	return &Writer{to: to, bz: bz, in: (*C.char)(C.malloc(room)), out: (*C.char)(C.malloc(room))}, nil
}

func (w *Writer) step(action C.int) (C.int, error) {
	w.bz.next_out, w.bz.avail_out = w.out, room
	rc := C.BZ2_bzCompress(w.bz, action)
	if rc < 0 {
		return rc, fmt.Errorf("bzip2: code %d", int(rc))
	}
	_, err := w.to.Write(unsafe.Slice((*byte)(unsafe.Pointer(w.out)), room-int(w.bz.avail_out)))
	return rc, err
}

func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		k := copy(unsafe.Slice((*byte)(unsafe.Pointer(w.in)), room), p)
		w.bz.next_in, w.bz.avail_in = w.in, C.uint(k)
		for w.bz.avail_in > 0 {
			if _, err := w.step(C.BZ_RUN); err != nil {
				return n, err
			}
		}
		n += k
		p = p[k:]
	}
	return n, nil
}

// Close writes the end of the stream and frees what C holds.
func (w *Writer) Close() error {
	if w.bz == nil {
		return nil
	}
	defer func() {
		C.BZ2_bzCompressEnd(w.bz)
		C.free(unsafe.Pointer(w.bz))
		C.free(unsafe.Pointer(w.in))
		C.free(unsafe.Pointer(w.out))
		w.bz = nil
	}()
	for {
		rc, err := w.step(C.BZ_FINISH)
		if err != nil || rc == C.BZ_STREAM_END {
			return err
		}
	}
}

type stack []io.Closer

func (s stack) Close() error {
	var errs []error
	for i := len(s) - 1; i >= 0; i-- {
		errs = append(errs, s[i].Close())
	}
	return errors.Join(errs...)
}
