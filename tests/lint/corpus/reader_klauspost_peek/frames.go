package frames

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

var ErrMagic = errors.New("frames: not ours")

type Header struct {
	Version uint16
	Count   uint32
}

// Peek reads only the first bytes of a stream.
func Peek(r io.Reader) (Header, error) {
	d, err := zstd.NewReader(r)
	if err != nil {
		return Header{}, err
	}
	var raw [10]byte
	if _, err := io.ReadFull(d, raw[:]); err != nil {
		return Header{}, err
	}
	if string(raw[:4]) != "FRM1" {
		return Header{}, ErrMagic
	}
	return Header{binary.BigEndian.Uint16(raw[4:]), binary.BigEndian.Uint32(raw[6:])}, nil
}
