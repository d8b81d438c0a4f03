package beat

import (
	"context"
	"time"
)

type Conn interface {
	Ping(context.Context) error
}

// Keep pings until the connection or the context ends.
func Keep(ctx context.Context, c Conn) error {
	t := time.NewTicker(20 * time.Second)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			if err := c.Ping(ctx); err != nil {
				return err
			}
		}
	}
}

func Eventually(ok func() bool, limit time.Duration) bool {
	deadline := time.NewTimer(limit)
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		if ok() {
			return true
		}
		select {
		case <-deadline.C:
			return false
		default:
		}
	}
}
