package codec

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

var shared = mustDecoder()

func mustDecoder() *zstd.Decoder {
	d, err := zstd.NewReader(nil)
	if err != nil {
		panic(fmt.Sprintf("codec: %v", err))
	}
	return d
}

// Unpack is for small messages.
func Unpack(b []byte) ([]byte, error) {
	return shared.DecodeAll(b, nil)
}

// Stream is for what does not fit into memory.
func Stream(dst io.Writer, src io.Reader) (int64, error) {
	d, err := zstd.NewReader(src)
	if err != nil {
		return 0, err
	}
	defer func() {
		d.Close()
	}()
	return io.Copy(dst, d)
}
