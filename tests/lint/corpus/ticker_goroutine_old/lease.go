package leases

import (
	"context"
	"time"
)

type Store interface {
	Renew(ctx context.Context, id string) error
}

// Hold renews a lease until ctx ends; each lease has its goroutine.
func Hold(ctx context.Context, s Store, id string, every time.Duration, lost func(error)) {
	go func() {
		renew := time.NewTicker(every)
		for {
			select {
			case <-renew.C:
				if err := s.Renew(ctx, id); err != nil {
					lost(err)
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}
