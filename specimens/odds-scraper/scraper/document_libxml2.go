//go:build !ownparser

package main

/*
#cgo CFLAGS: -I/usr/include/libxml2
#cgo LDFLAGS: -lxml2
#include <libxml/HTMLparser.h>
*/
import "C"

import (
	"errors"
	"unsafe"
)

const parserOptions = C.HTML_PARSE_RECOVER | C.HTML_PARSE_NOERROR | C.HTML_PARSE_NOWARNING | C.HTML_PARSE_NONET

func init() { C.xmlInitParser() } // before there are threads

const parserName = "libxml2"

// A document is a page that libxml2 has parsed. It lives outside of Go's heap until free.
type document struct{ doc C.htmlDocPtr }

func readDocument(page []byte) (document, error) {
	if len(page) == 0 {
		return document{}, errors.New("the page is empty")
	}
	doc := C.htmlReadMemory((*C.char)(unsafe.Pointer(&page[0])), C.int(len(page)), nil, nil, parserOptions)
	if doc == nil {
		return document{}, errors.New("the page is no HTML")
	}
	return document{doc}, nil
}

func (d document) free() { C.xmlFreeDoc(d.doc) }

func (d document) root() node { return node{C.xmlDocGetRootElement(d.doc)} }

type node struct{ node C.xmlNodePtr }

func (n node) exists() bool { return n.node != nil }

func (n node) name() string { return goString(n.node.name) }

func (n node) next() node { return node{n.node.next} }

func (n node) firstChild() node {
	if n.node == nil {
		return n
	}
	return node{n.node.children}
}

func (n node) text() string {
	if n.node == nil {
		return ""
	}
	return goString(n.node.content)
}

func goString(text *C.xmlChar) string { return C.GoString((*C.char)(unsafe.Pointer(text))) }
