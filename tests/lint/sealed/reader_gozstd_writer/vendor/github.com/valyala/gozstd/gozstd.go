// Package gozstd holds the names of the binding, without C.
package gozstd

import "io"

type Reader struct{ r io.Reader }

func NewReader(r io.Reader) *Reader { return &Reader{r} }

func (r *Reader) Read(p []byte) (int, error) { return r.r.Read(p) }
func (r *Reader) Release()                   {}

type Writer struct{ w io.Writer }

func NewWriter(w io.Writer) *Writer { return &Writer{w} }

func (w *Writer) Write(p []byte) (int, error) { return w.w.Write(p) }
func (w *Writer) Flush() error                { return nil }
func (w *Writer) Close() error                { return nil }
func (w *Writer) Release()                    {}
