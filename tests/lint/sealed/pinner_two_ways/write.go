package cwrite

/*
#include <stddef.h>

static int put(const void *p, size_t n) { return p ? (int)n : -1; }
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

var ErrPut = errors.New("cwrite: put")

func Write(head, body []byte) (int, error) {
	var p runtime.Pinner
	p.Pin(unsafe.SliceData(head))
	n := C.put(unsafe.Pointer(unsafe.SliceData(head)), C.size_t(len(head)))
	if n < 0 {
		p.Unpin()
		return 0, ErrPut
	}
	if len(body) == 0 {
		p.Unpin()
		return int(n), nil
	}
	p.Pin(unsafe.SliceData(body))
	m := C.put(unsafe.Pointer(unsafe.SliceData(body)), C.size_t(len(body)))
	p.Unpin()
	return int(n + m), nil
}

func All(parts [][]byte) (total int) {
	var p runtime.Pinner
	for _, part := range parts {
		p.Pin(unsafe.SliceData(part))
		total += int(C.put(unsafe.Pointer(unsafe.SliceData(part)), C.size_t(len(part))))
		p.Unpin()
	}
	return total
}
