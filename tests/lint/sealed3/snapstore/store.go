package snapstore

import (
	"compress/zlib"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

var blocks, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))

// Store keeps snapshots below a folder.
type Store struct {
	dir string
}

// At returns the store in dir.
func At(dir string) *Store { return &Store{dir: dir} }

type snapshotReader struct {
	*zstd.Decoder
	file *os.File
}

func (r *snapshotReader) Close() error {
	r.Decoder.Close()
	return r.file.Close()
}

func (s *Store) open(name string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(s.dir, name+".zst"))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &snapshotReader{Decoder: dec, file: f}, nil
}

// Load reads the snapshot into v.
func (s *Store) Load(name string, v any) error {
	r, err := s.open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	return gob.NewDecoder(r).Decode(v)
}

// Save writes v as the snapshot.
func (s *Store) Save(name string, v any) (err error) {
	f, err := os.CreateTemp(s.dir, name)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(f.Name(), filepath.Join(s.dir, name+".zst"))
		} else {
			os.Remove(f.Name())
		}
	}()
	enc, err := zstd.NewWriter(f)
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(enc).Encode(v); err != nil {
		enc.Close()
		return err
	}
	return enc.Close()
}

// Block unpacks one small block.
func Block(packed []byte) ([]byte, error) {
	return blocks.DecodeAll(packed, nil)
}

// Legacy reads a block of the first format.
func Legacy(r io.Reader) ([]byte, error) {
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(z)
	return out, errors.Join(err, z.Close())
}
