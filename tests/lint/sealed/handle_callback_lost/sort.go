package csort

/*
#include <stdint.h>
#include <stdlib.h>

extern int goLess(uintptr_t h, int a, int b);

static void bubble(int *v, int n, uintptr_t h) {
	for (int i = 0; i < n; i++) for (int j = 0; j + 1 < n - i; j++)
		if (goLess(h, v[j + 1], v[j])) { int t = v[j]; v[j] = v[j + 1]; v[j + 1] = t; }
}
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Sort sorts v as less has it.
func Sort(v []int32, less func(a, b int32) bool) {
	if len(v) < 2 {
		return
	}
	h := cgo.NewHandle(less)
	C.bubble((*C.int)(unsafe.Pointer(&v[0])), C.int(len(v)), C.uintptr_t(h))
}
