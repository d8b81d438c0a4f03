package wire

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func New() (*Codec, error) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		return nil, errors.Join(err, enc.Close())
	}
	return &Codec{enc, dec}, nil
}

func (c *Codec) Pack(b []byte) []byte { return c.enc.EncodeAll(b, nil) }

func (c *Codec) Unpack(b []byte) ([]byte, error) { return c.dec.DecodeAll(b, nil) }

func (c *Codec) Close() error {
	c.dec.Close()
	return c.enc.Close()
}

// Reader gives a stream; closing it closes the decoder.
func Reader(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r)
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}
