// Package scatter reads into many buffers with one call.
package scatter

/*
#include <sys/uio.h>
#include <errno.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"unsafe"
)

var ErrNone = errors.New("scatter: no such entry")

type vector struct {
	pins runtime.Pinner
	v    []C.struct_iovec
}

func newVector(buffers [][]byte) *vector {
	x := &vector{v: make([]C.struct_iovec, len(buffers))}
	for i, p := range buffers {
		if len(p) > 0 {
			x.pins.Pin(&p[0])
			x.v[i] = C.struct_iovec{iov_base: unsafe.Pointer(&p[0]), iov_len: C.size_t(len(p))}
		}
	}
	return x
}

func (x *vector) release() { x.pins.Unpin() }

// Read fills the buffers in their order.
func Read(fd int, buffers ...[]byte) (int, error) {
	if len(buffers) == 0 {
		return 0, nil
	}
	x := newVector(buffers)
	defer x.release()
	n, err := C.readv(C.int(fd), &x.v[0], C.int(len(x.v)))
	switch {
	case n < 0:
		return 0, fmt.Errorf("scatter: %w", err)
	case n == 0:
		return 0, io.EOF
	}
	return int(n), nil
}

// Queue holds buffers in place until the device has filled them.
type Queue struct {
	mu   sync.Mutex
	next uint64
	open map[uint64]*entry
}

type entry struct {
	pin  runtime.Pinner
	data []byte
}

func NewQueue() *Queue { return &Queue{open: make(map[uint64]*entry)} }

func (q *Queue) Submit(data []byte, send func(id uint64, p unsafe.Pointer, n int)) uint64 {
	e := &entry{data: data}
	e.pin.Pin(unsafe.SliceData(data))
	q.mu.Lock()
	q.next++
	id := q.next
	q.open[id] = e
	q.mu.Unlock()
	send(id, unsafe.Pointer(unsafe.SliceData(data)), len(data))
	return id
}

func (q *Queue) Complete(id uint64) ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.open[id]
	if !ok {
		return nil, ErrNone
	}
	delete(q.open, id)
	e.pin.Unpin()
	return e.data, nil
}
