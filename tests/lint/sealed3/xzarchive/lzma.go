package xzarchive

/*
#cgo LDFLAGS: -llzma
#include <lzma.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"io"
	"unsafe"
)

const chunk = 64 << 10

// decoder unpacks an xz stream.
type decoder struct {
	src    io.Reader
	stream *C.lzma_stream
	in     unsafe.Pointer
	out    unsafe.Pointer
	eof    bool
}

func newDecoder(src io.Reader) (*decoder, error) {
	d := &decoder{src: src, stream: (*C.lzma_stream)(C.calloc(1, C.sizeof_lzma_stream))}
	if rc := C.lzma_stream_decoder(d.stream, 1<<30, C.LZMA_CONCATENATED); rc != C.LZMA_OK {
		C.free(unsafe.Pointer(d.stream))
		return nil, fmt.Errorf("xz: decoder: code %d", int(rc))
	}
	d.in, d.out = C.malloc(chunk), C.malloc(chunk)
	return d, nil
}

func (d *decoder) fill() error {
	n, err := d.src.Read(unsafe.Slice((*byte)(d.in), chunk))
	d.stream.next_in = (*C.uint8_t)(d.in)
	d.stream.avail_in = C.size_t(n)
	if err == io.EOF {
		d.eof = true
		return nil
	}
	return err
}

func (d *decoder) Read(p []byte) (int, error) {
	want := min(len(p), chunk)
	for {
		action := C.lzma_action(C.LZMA_RUN)
		if d.stream.avail_in == 0 && !d.eof {
			if err := d.fill(); err != nil {
				return 0, err
			}
		}
		if d.eof {
			action = C.LZMA_FINISH
		}
		d.stream.next_out = (*C.uint8_t)(d.out)
		d.stream.avail_out = C.size_t(want)
		rc := C.lzma_code(d.stream, action)
		if n := want - int(d.stream.avail_out); n > 0 {
			return copy(p, unsafe.Slice((*byte)(d.out), n)), nil
		}
		switch rc {
		case C.LZMA_OK:
		case C.LZMA_STREAM_END:
			return 0, io.EOF
		default:
			return 0, fmt.Errorf("xz: code %d", int(rc))
		}
	}
}

// end frees what C holds.
func (d *decoder) end() {
	C.lzma_end(d.stream)
	C.free(unsafe.Pointer(d.stream))
	C.free(d.in)
	C.free(d.out)
}
