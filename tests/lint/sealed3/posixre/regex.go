package posixre

/*
#include <regex.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Pattern is a compiled POSIX expression.
type Pattern struct {
	re     *C.regex_t
	groups int
}

// CompileError says why an expression is not one.
type CompileError struct {
	Expr string
	Why  string
}

func (e *CompileError) Error() string {
	return fmt.Sprintf("posixre: %q: %s", e.Expr, e.Why)
}

func explain(code C.int, re *C.regex_t) string {
	var buf [256]C.char
	C.regerror(code, re, &buf[0], C.size_t(len(buf)))
	return C.GoString(&buf[0])
}

// Compile makes a pattern of the extended expression.
func Compile(expr string, fold bool) (*Pattern, error) {
	flags := C.int(C.REG_EXTENDED)
	if fold {
		flags |= C.REG_ICASE
	}
	text := C.CString(expr)
	re := (*C.regex_t)(C.calloc(1, C.sizeof_regex_t))
	if rc := C.regcomp(re, text, flags); rc != 0 {
		err := &CompileError{Expr: expr, Why: explain(rc, re)}
		C.free(unsafe.Pointer(re))
		return nil, err
	}
	C.free(unsafe.Pointer(text))
	return &Pattern{re: re, groups: int(re.re_nsub)}, nil
}

// Match says whether the pattern is somewhere in s.
func (p *Pattern) Match(s string) bool {
	text := C.CString(s)
	defer C.free(unsafe.Pointer(text))
	return C.regexec(p.re, text, 0, nil, 0) == 0
}

// Groups says how many groups the pattern has.
func (p *Pattern) Groups() int { return p.groups }

// Close frees the pattern.
func (p *Pattern) Close() {
	if p.re != nil {
		C.regfree(p.re)
		C.free(unsafe.Pointer(p.re))
		p.re = nil
	}
}
