// Package expat counts elements with libexpat.
package expat

/*
#cgo LDFLAGS: -lexpat
#include <expat.h>

static void started(void *n, const XML_Char *name, const XML_Char **attributes) { ++*(long *)n; }

static int count(XML_Parser p, const char *text, int size, int last, long *n) {
	XML_SetUserData(p, n);
	XML_SetStartElementHandler(p, started);
	return XML_Parse(p, text, size, last);
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Parser holds memory of libexpat until Free.
type Parser struct {
	p C.XML_Parser
	n C.long
}

func NewParser() *Parser { return &Parser{p: C.XML_ParserCreate(nil)} }

// Feed parses the next piece; last says that there is no more.
func (p *Parser) Feed(piece []byte, last bool) error {
	var end C.int
	if last {
		end = 1
	}
	var n C.long
	ok := C.count(p.p, (*C.char)(unsafe.Pointer(unsafe.SliceData(piece))), C.int(len(piece)), end, &n)
	p.n += n
	if ok == 0 {
		return errors.New(C.GoString(C.XML_ErrorString(C.XML_GetErrorCode(p.p))))
	}
	return nil
}

func (p *Parser) Elements() int { return int(p.n) }

func (p *Parser) Free() {
	C.XML_ParserFree(p.p)
	p.p = nil
}
