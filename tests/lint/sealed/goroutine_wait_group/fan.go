package fan

import (
	"context"
	"sync"
	"time"
)

// Out calls f for all items, at most n at a time.
func Out[T any](ctx context.Context, n int, items []T, f func(context.Context, T) error) error {
	var (
		wg   sync.WaitGroup
		once sync.Once
		err  error
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, n)
	for _, it := range items {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			wg.Wait()
			return ctx.Err()
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-slots }()
			if e := f(ctx, it); e != nil {
				once.Do(func() { err = e; cancel() })
			}
		}()
	}
	wg.Wait()
	return err
}

// Slow reports once if work takes long.
func Slow(limit time.Duration, report func(), work func()) {
	done := make(chan struct{})
	defer close(done)
	go func() {
		t := time.NewTimer(limit)
		defer t.Stop()
		select {
		case <-t.C:
			report()
		case <-done:
		}
	}()
	work()
}
