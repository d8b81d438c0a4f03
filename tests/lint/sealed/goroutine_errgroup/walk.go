package walk

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

type Sum struct {
	Path string
	Hash [sha256.Size]byte
}

func Sums(ctx context.Context, root string) ([]Sum, error) {
	g, ctx := errgroup.WithContext(ctx)
	paths := make(chan string)
	g.Go(func() error {
		defer close(paths)
		return filepath.Walk(root, func(p string, info os.FileInfo, err error) error {
			if err != nil || !info.Mode().IsRegular() {
				return err
			}
			select {
			case paths <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	sums := make(chan Sum)
	for i := 0; i < 4; i++ {
		g.Go(func() error {
			for p := range paths {
				data, err := os.ReadFile(p)
				if err != nil {
					return err
				}
				select {
				case sums <- Sum{p, sha256.Sum256(data)}:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	go func() {
		_ = g.Wait()
		close(sums)
	}()
	var out []Sum
	for s := range sums {
		out = append(out, s)
	}
	return out, g.Wait()
}
