package logs

import (
	"io"
	"os"
	"path/filepath"

	"github.com/DataDog/zstd"
)

type stacked struct {
	io.Reader
	layers []io.Closer
}

func (s *stacked) Close() error {
	var first error
	for i := len(s.layers) - 1; i >= 0; i-- {
		if err := s.layers[i].Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Open opens a log that may be compressed; the caller closes it.
func Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) != ".zst" {
		return f, nil
	}
	z := zstd.NewReader(f)
	return &stacked{Reader: z, layers: []io.Closer{f, z}}, nil
}
