package xzarchive

import (
	"archive/tar"
	"errors"
	"io"
	"os"
)

// Archive is a .tar.xz file that is open.
type Archive struct {
	file *os.File
	dec  *decoder
	tar  *tar.Reader
}

// Open opens the archive at path.
func Open(path string) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	dec, err := newDecoder(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Archive{file: f, dec: dec, tar: tar.NewReader(dec)}, nil
}

// Close closes the archive.
func (a *Archive) Close() error {
	a.tar = nil
	return a.file.Close()
}

// ReadFile returns the text of one member.
func ReadFile(path, member string) ([]byte, error) {
	a, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	for {
		h, err := a.tar.Next()
		if errors.Is(err, io.EOF) {
			return nil, os.ErrNotExist
		}
		if err != nil {
			return nil, err
		}
		if h.Name == member {
			return io.ReadAll(a.tar)
		}
	}
}
