package packcache

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Cache keeps packed copies of documents on disk.
type Cache struct {
	Dir string
	TTL time.Duration
}

func (c *Cache) path(url string) string {
	sum := sha256.Sum256([]byte(url))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:])+".gz")
}

// Packed returns the path of the packed copy and makes it if need be.
func (c *Cache) Packed(url string, fetch func(io.Writer) error) (string, error) {
	path := c.path(url)
	err := exclusively(path, func() error {
		info, err := os.Stat(path)
		if err == nil && time.Since(info.ModTime()) < c.TTL {
			return nil
		}
		return pack(path, fetch)
	})
	return path, err
}

func pack(path string, fetch func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".pack")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	err = errors.Join(fetch(z), z.Close(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), path)
}

// Expire deletes copies that are too old.
func (c *Cache) Expire() error {
	return filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || time.Since(info.ModTime()) < c.TTL {
			return err
		}
		return exclusively(path, func() error { return os.Remove(path) })
	})
}
