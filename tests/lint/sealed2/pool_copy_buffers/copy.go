// Package pipe joins connections.
package pipe

import (
	"bytes"
	"encoding/gob"
	"io"
	"net"
	"sync"
)

const chunk = 32 << 10

var chunks = sync.Pool{New: func() any {
	b := make([]byte, chunk)
	return &b
}}

var buffers sync.Pool

func getBuffer() *bytes.Buffer {
	if b, ok := buffers.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() > 16<<10 {
		return
	}
	buffers.Put(b)
}

func oneWay(dst, src net.Conn) error {
	b := chunks.Get().(*[]byte)
	defer chunks.Put(b)
	_, err := io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, *b)
	return err
}

// Join copies both ways and closes both when one ends.
func Join(a, b net.Conn) error {
	errc := make(chan error, 2)
	go func() { errc <- oneWay(a, b) }()
	go func() { errc <- oneWay(b, a) }()
	err := <-errc
	a.Close()
	b.Close()
	<-errc
	return err
}

func Send(w io.Writer, v any) error {
	b := getBuffer()
	defer putBuffer(b)
	if err := gob.NewEncoder(b).Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
