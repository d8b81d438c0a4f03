package vectorio

/*
#include <stdlib.h>
#include <sys/uio.h>
*/
import "C"

import (
	"io"
	"os"
	"runtime"
	"unsafe"
)

const most = 64

// Buffers are written in one go.
type Buffers [][]byte

func (b *Buffers) drop(n int) {
	for n > 0 && len(*b) > 0 {
		if n < len((*b)[0]) {
			(*b)[0] = (*b)[0][n:]
			return
		}
		n -= len((*b)[0])
		*b = (*b)[1:]
	}
}

func (b Buffers) size() (n int) {
	for _, p := range b {
		n += len(p)
	}
	return n
}

func writev(f *os.File, bufs Buffers) (int, error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	vec := make([]C.struct_iovec, 0, most)
	for _, p := range bufs[:min(most, len(bufs))] {
		if len(p) == 0 {
			continue
		}
		pins.Pin(&p[0])
		vec = append(vec, C.struct_iovec{iov_base: unsafe.Pointer(&p[0]), iov_len: C.size_t(len(p))})
	}
	if len(vec) == 0 {
		return 0, nil
	}
	n, err := C.writev(C.int(f.Fd()), &vec[0], C.int(len(vec)))
	if n < 0 {
		return 0, os.NewSyscallError("writev", err)
	}
	return int(n), nil
}

// WriteAll writes all buffers to f.
func WriteAll(f *os.File, bufs Buffers) (total int, err error) {
	bufs = append(Buffers(nil), bufs...)
	for bufs.size() > 0 {
		n, err := writev(f, bufs)
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, io.ErrShortWrite
		}
		bufs.drop(n)
	}
	return total, nil
}

// Page is memory that C may look at until it is dropped.
type Page struct {
	Data []byte
	pin  runtime.Pinner
}

// NewPage makes a page of n bytes.
func NewPage(n int) *Page {
	p := &Page{Data: make([]byte, n)}
	p.pin.Pin(unsafe.SliceData(p.Data))
	return p
}

// Drop lets the page move again.
func (p *Page) Drop() {
	p.pin.Unpin()
	p.Data = nil
}

// Fill reads a page from f and hands it to use.
func Fill(f *os.File, n int, use func([]byte) error) error {
	p := NewPage(n)
	defer p.Drop()
	if _, err := io.ReadFull(f, p.Data); err != nil {
		return err
	}
	return use(p.Data)
}
