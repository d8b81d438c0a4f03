package walkhash

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// Sum is the digest of one file.
type Sum struct {
	Path   string
	Digest string
}

func list(ctx context.Context, fsys fs.FS) (<-chan string, <-chan error) {
	paths := make(chan string)
	failed := make(chan error, 1)
	go func() {
		defer close(paths)
		failed <- fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			select {
			case paths <- path:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return paths, failed
}

func digest(fsys fs.FS, path string) (Sum, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return Sum{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Sum{}, err
	}
	return Sum{Path: path, Digest: fmt.Sprintf("%x", h.Sum(nil))}, nil
}

// First returns the first file whose digest begins with prefix.
func First(ctx context.Context, fsys fs.FS, workers int, match func(Sum) bool) (*Sum, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	paths, failed := list(ctx, fsys)
	sums := make(chan Sum)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for path := range paths {
				s, err := digest(fsys, path)
				if err != nil {
					continue
				}
				select {
				case sums <- s:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() {
		wg.Wait()
		close(sums)
	}()
	for s := range sums {
		if match(s) {
			return &s, nil
		}
	}
	return nil, <-failed
}
