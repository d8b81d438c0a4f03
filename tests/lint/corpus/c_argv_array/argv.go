package argv

/*
#include <stdlib.h>
#include <string.h>

static size_t total(char **v, int n) { size_t s = 0; for (int i = 0; i < n; i++) s += strlen(v[i]); return s; }
*/
import "C"

import "unsafe"

// toC makes a C array; give it to release.
func toC(args []string) []*C.char {
	out := make([]*C.char, 0, len(args)+1)
	for _, a := range args {
		out = append(out, C.CString(a))
	}
	return append(out, nil)
}

func release(v []*C.char) {
	for _, p := range v {
		C.free(unsafe.Pointer(p))
	}
}

func Total(args []string) int {
	v := toC(args)
	defer release(v)
	block := (**C.char)(C.malloc(C.size_t(len(v)) * C.size_t(unsafe.Sizeof(v[0]))))
	defer C.free(unsafe.Pointer(block))
	copy(unsafe.Slice(block, len(v)), v)
	return int(C.total(block, C.int(len(args))))
}
