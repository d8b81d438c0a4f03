// Package catalog looks at the roots of documents.
package catalog

import (
	"fmt"
	"os"
	"sync"

	"example.com/wrapper_documents_list/xmldoc"
)

func open(path string) (*xmldoc.Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return xmldoc.Parse(text)
}

// Same tells whether all the documents have the same root.
func Same(paths ...string) (bool, error) {
	docs := make([]*xmldoc.Document, 0, len(paths))
	defer func() {
		for _, d := range docs {
			d.Free()
		}
	}()
	for _, path := range paths {
		d, err := open(path)
		if err != nil {
			return false, fmt.Errorf("%s: %w", path, err)
		}
		docs = append(docs, d)
	}
	for _, d := range docs {
		if d.Root() != docs[0].Root() {
			return false, nil
		}
	}
	return true, nil
}

// Current is the document that was loaded last.
type Current struct {
	mu  sync.RWMutex
	doc *xmldoc.Document
}

func (c *Current) Reload(path string) error {
	fresh, err := open(path)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doc != nil {
		c.doc.Free()
	}
	c.doc = fresh
	return nil
}

func (c *Current) Root() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.doc == nil {
		return ""
	}
	return c.doc.Root()
}

func (c *Current) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doc != nil {
		c.doc.Free()
		c.doc = nil
	}
}
