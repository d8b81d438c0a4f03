// Package xmldoc reads documents with libxml2.
package xmldoc

/*
#cgo CFLAGS: -I/usr/include/libxml2
#cgo LDFLAGS: -lxml2
#include <libxml/parser.h>
#include <libxml/tree.h>
*/
import "C"

import (
	"errors"
	"unsafe"
)

type Document struct{ p *C.xmlDoc }

func Parse(text []byte) (*Document, error) {
	if len(text) == 0 {
		return nil, errors.New("xmldoc: empty")
	}
	p := C.xmlReadMemory((*C.char)(unsafe.Pointer(&text[0])), C.int(len(text)), nil, nil, C.XML_PARSE_NONET)
	if p == nil {
		return nil, errors.New("xmldoc: not well-formed")
	}
	return &Document{p}, nil
}

func (d *Document) Root() string {
	root := C.xmlDocGetRootElement(d.p)
	if root == nil {
		return ""
	}
	return C.GoString((*C.char)(unsafe.Pointer(root.name)))
}

func (d *Document) Free() {
	if d.p != nil {
		C.xmlFreeDoc(d.p)
		d.p = nil
	}
}
