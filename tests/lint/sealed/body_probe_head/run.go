package probe

import (
	"context"
	"time"
)

func Run(ctx context.Context, every time.Duration, targets []Target, out chan<- Result) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, t := range targets {
				out <- Check(ctx, t)
			}
		}
	}
}
