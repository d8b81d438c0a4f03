// Package zstd has the names of the real one and none of its work.
package zstd

import "io"

// DOption is an option of a Decoder.
type DOption func() error

// EOption is an option of an Encoder.
type EOption func() error

// Decoder reads a zstandard stream.
type Decoder struct{ r io.Reader }

// Encoder writes a zstandard stream.
type Encoder struct{ w io.Writer }

// NewReader makes a Decoder.
func NewReader(r io.Reader, opts ...DOption) (*Decoder, error) { return &Decoder{r: r}, nil }

// NewWriter makes an Encoder.
func NewWriter(w io.Writer, opts ...EOption) (*Encoder, error) { return &Encoder{w: w}, nil }

// WithDecoderConcurrency sets the number of goroutines.
func WithDecoderConcurrency(n int) DOption { return func() error { return nil } }

// Read reads.
func (d *Decoder) Read(p []byte) (int, error) { return d.r.Read(p) }

// Reset starts anew.
func (d *Decoder) Reset(r io.Reader) error { d.r = r; return nil }

// DecodeAll decodes a whole block.
func (d *Decoder) DecodeAll(input, dst []byte) ([]byte, error) { return append(dst, input...), nil }

// Close releases.
func (d *Decoder) Close() {}

// IOReadCloser returns d as an io.ReadCloser.
func (d *Decoder) IOReadCloser() io.ReadCloser { return io.NopCloser(d.r) }

// Write writes.
func (e *Encoder) Write(p []byte) (int, error) { return e.w.Write(p) }

// Flush flushes.
func (e *Encoder) Flush() error { return nil }

// Close ends the stream.
func (e *Encoder) Close() error { return nil }
