package bzwriter

import (
	"io"
	"os"
)

type packedFile struct {
	io.Writer
	io.Closer
}

// Create makes a packed file.
func Create(path string) (io.WriteCloser, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := NewWriter(f, 9)
	if err != nil {
		f.Close()
		return nil, err
	}
	return packedFile{Writer: w, Closer: stack{f, w}}, nil
}

// Pack writes a packed copy of the file.
func Pack(path string) (err error) {
	src, err := os.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := Create(path + ".bz2")
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}
