package cregex

/*
#include <regex.h>
#include <stdlib.h>

static regex_t *re_new(const char *p) {
	regex_t *r = malloc(sizeof *r);
	if (regcomp(r, p, REG_EXTENDED | REG_NOSUB)) { free(r); return NULL; }
	return r;
}
static void re_free(regex_t *r) { regfree(r); free(r); }
static int re_match(regex_t *r, const char *s) { return regexec(r, s, 0, NULL, 0) == 0; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

type Pattern struct {
	re   *C.regex_t
	text string
}

func (p *Pattern) destroy() {
	C.re_free(p.re)
	p.re = nil
}

// Compile makes a pattern; it is freed when nobody refers to it any more.
func Compile(text string) (*Pattern, error) {
	c := C.CString(text)
	defer C.free(unsafe.Pointer(c))
	re := C.re_new(c)
	if re == nil {
		return nil, fmt.Errorf("cregex: %q", text)
	}
	p := &Pattern{re, text}
	runtime.SetFinalizer(p, (*Pattern).destroy)
	return p, nil
}

func (p *Pattern) Match(s string) bool {
	c := C.CString(s)
	defer C.free(unsafe.Pointer(c))
	defer runtime.KeepAlive(p)
	return C.re_match(p.re, c) != 0
}
