//go:build !cgo

package main

import (
	"bytes"
	"errors"
	"strings"
)

const parserName = "pure"

// A document is a page that Go code has parsed: what a build without cgo has. Go's collector frees it.
type document struct{ top *element }

type element struct {
	tag      string // "" for text
	content  string
	children []*element
	after    *element
}

// Elements that have no end tag (HTML Living Standard, 13.1.2: void elements).
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "source": true, "track": true, "wbr": true,
}

func readDocument(page []byte) (document, error) {
	top := &element{tag: "#document"}
	open := []*element{top}
	for rest := page; len(rest) > 0; {
		parent := open[len(open)-1]
		start := bytes.IndexByte(rest, '<')
		if start < 0 {
			start = len(rest)
		}
		if start > 0 {
			parent.append(&element{content: string(rest[:start])})
			rest = rest[start:]
			continue
		}
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			break
		}
		inside := string(rest[1:end])
		rest = rest[end+1:]
		switch {
		case strings.HasPrefix(inside, "!"), strings.HasPrefix(inside, "?"):
		case strings.HasPrefix(inside, "/"):
			open = closed(open, tagOf(inside[1:]))
		default:
			child := &element{tag: tagOf(inside)}
			parent.append(child)
			if !void[child.tag] && !strings.HasSuffix(inside, "/") {
				open = append(open, child)
			}
		}
	}
	for _, child := range top.children {
		if child.tag != "" {
			return document{child}, nil
		}
	}
	return document{}, errors.New("the page is no HTML")
}

// closed is the stack of open elements once tag has ended; an end tag without a beginning is passed over.
func closed(open []*element, tag string) []*element {
	for i := len(open) - 1; i > 0; i-- {
		if open[i].tag == tag {
			return open[:i]
		}
	}
	return open
}

func tagOf(inside string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(inside), " ")
	return strings.ToLower(strings.Trim(name, "/\n\t"))
}

func (e *element) append(child *element) {
	if len(e.children) > 0 {
		e.children[len(e.children)-1].after = child
	}
	e.children = append(e.children, child)
}

func (d document) free() {}

func (d document) root() node { return node{d.top} }

type node struct{ element *element }

func (n node) exists() bool { return n.element != nil }

func (n node) name() string { return n.element.tag }

func (n node) next() node { return node{n.element.after} }

func (n node) firstChild() node {
	if n.element == nil || len(n.element.children) == 0 {
		return node{}
	}
	return node{n.element.children[0]}
}

func (n node) text() string {
	if n.element == nil {
		return ""
	}
	return n.element.content
}
