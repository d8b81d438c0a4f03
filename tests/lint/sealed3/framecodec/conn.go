package framecodec

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
)

// ErrLong is returned for a frame that is too long.
var ErrLong = errors.New("frame is too long")

const limit = 16 << 20

// Conn reads and writes frames.
type Conn struct {
	rw io.ReadWriter
	wm sync.Mutex
}

// NewConn makes a Conn of rw.
func NewConn(rw io.ReadWriter) *Conn { return &Conn{rw: rw} }

// Write sends the parts as one frame.
func (c *Conn) Write(parts ...[]byte) error {
	b := get()
	defer put(b)
	*b = append(*b, 0, 0, 0, 0)
	for _, p := range parts {
		*b = append(*b, p...)
	}
	if len(*b)-4 > limit {
		return ErrLong
	}
	binary.BigEndian.PutUint32(*b, uint32(len(*b)-4))
	c.wm.Lock()
	defer c.wm.Unlock()
	_, err := c.rw.Write(*b)
	return err
}

// Read hands the next frame to use, which must not keep it.
func (c *Conn) Read(use func([]byte) error) error {
	var head [4]byte
	if _, err := io.ReadFull(c.rw, head[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n > limit {
		return ErrLong
	}
	b := get()
	defer put(b)
	*b = slices.Grow(*b, n)[:n]
	if _, err := io.ReadFull(c.rw, *b); err != nil {
		return err
	}
	return use(*b)
}
