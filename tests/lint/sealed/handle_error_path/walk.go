package cwalk

/*
#include <stdint.h>

static int check(int depth) { return depth > 0 && depth < 64; }
static int walk(int depth, uintptr_t h) { return depth * 2 + (h == 0); }
*/
import "C"

import (
	"errors"
	"runtime/cgo"
)

var ErrDepth = errors.New("cwalk: depth")

type Visitor interface{ Visit(int) }

func Walk(v Visitor, depth int) (int, error) {
	h := cgo.NewHandle(v)
	if C.check(C.int(depth)) == 0 {
		return 0, ErrDepth
	}
	n := int(C.walk(C.int(depth), C.uintptr_t(h)))
	h.Delete()
	v.Visit(n)
	return n, nil
}
