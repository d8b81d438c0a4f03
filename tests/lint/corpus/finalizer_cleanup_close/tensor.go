package tensor

/*
#include <stdlib.h>

static float *grab(int n) { return calloc(n, sizeof(float)); }
static void drop(float *p) { free(p); }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

type Tensor struct {
	p    *C.float
	n    int
	late runtime.Cleanup
}

func Zeros(n int) *Tensor {
	t := &Tensor{p: C.grab(C.int(n)), n: n}
	t.late = runtime.AddCleanup(t, func(p *C.float) { C.drop(p) }, t.p)
	return t
}

func (t *Tensor) Values() []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(t.p)), t.n)
}

func (t *Tensor) Release() {
	if t.p == nil {
		return
	}
	t.late.Stop()
	C.drop(t.p)
	t.p = nil
}

func Sum(n int) (s float32) {
	t := Zeros(n)
	defer t.Release()
	for _, v := range t.Values() {
		s += v
	}
	return s
}
