// Package codec undoes the compression of a message batch.
package codec

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

type Codec int8

const (
	None Codec = iota
	Gzip
	_
	_
	Zstd
)

var ErrCorrupt = errors.New("codec: corrupt batch")

// Decompress gives the bytes of one batch.
func Decompress(c Codec, data []byte) ([]byte, error) {
	switch c {
	case None:
		return data, nil
	case Gzip:
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case Zstd:
		dec, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		out, err := io.ReadAll(dec)
		if err != nil {
			return nil, errors.Join(ErrCorrupt, err)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("codec: unknown %d", c)
	}
}
