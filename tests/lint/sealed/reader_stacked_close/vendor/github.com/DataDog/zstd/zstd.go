// Package zstd holds the names of the binding, without C.
package zstd

import "io"

type passing struct{ r io.Reader }

func (p passing) Read(b []byte) (int, error) { return p.r.Read(b) }
func (p passing) Close() error               { return nil }

func NewReader(r io.Reader) io.ReadCloser { return passing{r} }

type Writer struct{ w io.Writer }

func NewWriter(w io.Writer) *Writer { return &Writer{w} }

func (w *Writer) Write(p []byte) (int, error) { return w.w.Write(p) }
func (w *Writer) Close() error                { return nil }
