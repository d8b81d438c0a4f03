// Package hashes sums files side by side.
package hashes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

type Sum struct {
	Path string
	Hex  string
	Err  error
}

func sum(path string) Sum {
	f, err := os.Open(path)
	if err != nil {
		return Sum{Path: path, Err: err}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Sum{Path: path, Err: err}
	}
	return Sum{Path: path, Hex: hex.EncodeToString(h.Sum(nil))}
}

func walk(ctx context.Context, root string) (<-chan string, <-chan error) {
	paths := make(chan string)
	errc := make(chan error, 1)
	go func() {
		defer close(paths)
		errc <- filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
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
	return paths, errc
}

// Tree sums all files below root.
func Tree(ctx context.Context, root string, workers int) (map[string]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	paths, errc := walk(ctx, root)
	results := make(chan Sum)
	var wg sync.WaitGroup
	wg.Add(workers)
	for range workers {
		go func() {
			defer wg.Done()
			for path := range paths {
				select {
				case results <- sum(path):
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	sums := make(map[string]string)
	for r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		sums[r.Path] = r.Hex
	}
	if err := <-errc; err != nil {
		return nil, err
	}
	return sums, nil
}
