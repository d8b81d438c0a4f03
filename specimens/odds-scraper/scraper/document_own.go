//go:build ownparser

package main

/*
#include "ownparser.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

const parserName = "own"

// A document is a page that our own C parser has parsed. It lives outside of Go's heap until free.
type document struct{ doc *C.struct_own_document }

func readDocument(page []byte) (document, error) {
	if len(page) == 0 {
		return document{}, errors.New("the page is empty")
	}
	doc := C.own_read_memory((*C.char)(unsafe.Pointer(&page[0])), C.size_t(len(page)))
	if doc == nil {
		return document{}, errors.New("the page is no HTML")
	}
	return document{doc}, nil
}

func (d document) free() { C.own_free_document(d.doc) }

func (d document) root() node { return node{d.doc.children} }

type node struct{ node *C.struct_own_node }

func (n node) exists() bool { return n.node != nil }

func (n node) name() string { return C.GoString(n.node.name) }

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
	return C.GoString(n.node.content)
}
