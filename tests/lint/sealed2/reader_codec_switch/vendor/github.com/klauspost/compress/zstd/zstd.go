// Package zstd holds the names of the decoder and encoder, without their work.
package zstd

import "io"

type DOption func(*Decoder) error

type EOption func(*Encoder) error

type Decoder struct{ r io.Reader }

func NewReader(r io.Reader, opts ...DOption) (*Decoder, error) { return &Decoder{r}, nil }

func WithDecoderConcurrency(n int) DOption { return func(*Decoder) error { return nil } }

func (d *Decoder) Read(p []byte) (int, error)               { return d.r.Read(p) }
func (d *Decoder) Reset(r io.Reader) error                  { d.r = r; return nil }
func (d *Decoder) DecodeAll(in, out []byte) ([]byte, error) { return append(out, in...), nil }
func (d *Decoder) IOReadCloser() io.ReadCloser              { return io.NopCloser(d.r) }
func (d *Decoder) WriteTo(w io.Writer) (int64, error)       { return io.Copy(w, d.r) }
func (d *Decoder) Close()                                   {}

type Encoder struct{ w io.Writer }

func NewWriter(w io.Writer, opts ...EOption) (*Encoder, error) { return &Encoder{w}, nil }

func (e *Encoder) Write(p []byte) (int, error)      { return e.w.Write(p) }
func (e *Encoder) EncodeAll(src, dst []byte) []byte { return append(dst, src...) }
func (e *Encoder) Close() error                     { return nil }
