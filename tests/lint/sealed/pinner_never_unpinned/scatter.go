package scatter

/*
#include <stddef.h>

struct part { void *base; size_t len; };
static size_t total(struct part *p, int n) { size_t s = 0; for (int i = 0; i < n; i++) s += p[i].len; return s; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Total hands all parts to C at once.
func Total(parts [][]byte) int {
	var pin runtime.Pinner
	list := make([]C.struct_part, 0, len(parts))
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		pin.Pin(&p[0])
		list = append(list, C.struct_part{unsafe.Pointer(&p[0]), C.size_t(len(p))})
	}
	if len(list) == 0 {
		return 0
	}
	return int(C.total(&list[0], C.int(len(list))))
}
