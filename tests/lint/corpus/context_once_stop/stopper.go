package stopper

import (
	"context"
	"sync"
	"time"
)

type Stopper struct {
	ctx  context.Context
	once sync.Once
	stop func()
}

func New() *Stopper {
	s := new(Stopper)
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.Background())
	s.stop = func() { s.once.Do(cancel) }
	return s
}

func (s *Stopper) Stop() { s.stop() }

// Try calls f for at most limit.
func Try(limit time.Duration, f func(context.Context) error) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	if err := f(ctx); err != nil {
		cancel()
		return false, err
	} else {
		late := ctx.Err() != nil
		cancel()
		return !late, nil
	}
}
