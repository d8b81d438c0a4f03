package logship

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Codec names how a segment is packed.
type Codec string

// The codecs that shippers use.
const (
	Plain Codec = ""
	Gzip  Codec = "gzip"
	Zstd  Codec = "zstd"
)

// unpack returns the bytes of a segment as they were before packing.
func unpack(r io.Reader, codec Codec) (io.Reader, error) {
	switch codec {
	case Plain:
		return bufio.NewReader(r), nil
	case Gzip:
		return gzip.NewReader(r)
	case Zstd:
		dec, err := zstd.NewReader(r)
		if err != nil {
			return nil, err
		}
		return dec, nil
	}
	return nil, fmt.Errorf("codec %q is not known", codec)
}
