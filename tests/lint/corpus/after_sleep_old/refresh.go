package refresh

import (
	"context"
	"time"
)

type Cache interface{ Reload(context.Context) error }

func Keep(ctx context.Context, c Cache, report func(error)) {
	for {
		if err := c.Reload(ctx); err != nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Minute):
		}
	}
}

// Backoff tries again until it works or the time is over.
func Backoff(limit time.Duration, try func() error) (err error) {
	over := time.After(limit)
	for wait := time.Millisecond; ; wait *= 2 {
		if err = try(); err == nil {
			return nil
		}
		select {
		case <-over:
			return err
		default:
			time.Sleep(wait)
		}
	}
}
