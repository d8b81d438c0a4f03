package service

import (
	"context"
	"sync"
	"time"
)

type Service struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func Start(parent context.Context, step func(context.Context)) *Service {
	ctx, cancel := context.WithCancel(parent)
	s := &Service{cancel: cancel}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for ctx.Err() == nil {
			step(ctx)
		}
	}()
	return s
}

func (s *Service) Stop() {
	s.cancel()
	s.wg.Wait()
}

// Bounded gives a context that ends with the first of parent and limit.
func Bounded(parent context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(parent, limit)
	if limit <= 0 {
		cancel()
	}
	return ctx, cancel
}
