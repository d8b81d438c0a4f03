package inflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"
)

var readers sync.Pool

// Message unpacks one message.
func Message(raw []byte) ([]byte, error) {
	src := bytes.NewReader(raw)
	gz, _ := readers.Get().(*gzip.Reader)
	if gz == nil {
		made, err := gzip.NewReader(src)
		if err != nil {
			return nil, err
		}
		gz = made
	} else if err := gz.Reset(src); err != nil {
		readers.Put(gz)
		return nil, err
	}
	defer readers.Put(gz)
	return io.ReadAll(gz)
}
