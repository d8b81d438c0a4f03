package aiologger

/*
#include <aio.h>
#include <errno.h>
#include <stdlib.h>

static struct aiocb *submit(int fd, void *buf, size_t n, off_t at) {
	struct aiocb *cb = calloc(1, sizeof *cb);
	if (cb == NULL)
		return NULL;
	cb->aio_fildes = fd;
	cb->aio_buf = buf;
	cb->aio_nbytes = n;
	cb->aio_offset = at;
	if (aio_write(cb) != 0) {
		free(cb);
		return NULL;
	}
	return cb;
}
*/
import "C"

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

// Writer writes blocks to a file without waiting for the disk.
type Writer struct {
	mu    sync.Mutex
	file  *os.File
	at    int64
	pins  runtime.Pinner
	under []*C.struct_aiocb
	max   int
}

// Create makes the file at path; max is how many blocks may be under way.
func Create(path string, max int) (*Writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Writer{file: f, max: max}, nil
}

// Write starts to write block, which must not be changed any more.
func (w *Writer) Write(block []byte) (int, error) {
	if len(block) == 0 {
		return 0, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.under) >= w.max {
		if err := w.reap(); err != nil {
			return 0, err
		}
	}
	w.pins.Pin(&block[0])
	cb, err := C.submit(C.int(w.file.Fd()), unsafe.Pointer(&block[0]), C.size_t(len(block)), C.off_t(w.at))
	if cb == nil {
		return 0, os.NewSyscallError("aio_write", err)
	}
	w.under = append(w.under, cb)
	w.at += int64(len(block))
	return len(block), nil
}

// reap waits for the oldest block.
func (w *Writer) reap() error {
	cb := w.under[0]
	w.under = w.under[1:]
	defer C.free(unsafe.Pointer(cb))
	for C.aio_error(cb) == C.EINPROGRESS {
		list := (**C.struct_aiocb)(C.malloc(C.size_t(unsafe.Sizeof(cb))))
		*list = cb
		C.aio_suspend(list, 1, nil)
		C.free(unsafe.Pointer(list))
	}
	if code := C.aio_error(cb); code != 0 {
		C.aio_return(cb)
		return syscall.Errno(code)
	}
	C.aio_return(cb)
	return nil
}

// Close waits for all blocks.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for len(w.under) > 0 {
		errs = append(errs, w.reap())
	}
	w.pins.Unpin()
	return errors.Join(append(errs, w.file.Close())...)
}
