// Package batch sends what was collected when it is enough or late.
package batch

import (
	"context"
	"errors"
	"sync"
	"time"
)

var ErrLate = errors.New("batch: no answer in time")

type Flusher struct {
	mu    sync.Mutex
	items [][]byte
	most  int
	send  func([][]byte) error
	kick  chan struct{}
}

func New(most int, send func([][]byte) error) *Flusher {
	return &Flusher{most: most, send: send, kick: make(chan struct{}, 1)}
}

func (f *Flusher) Add(item []byte) {
	f.mu.Lock()
	f.items = append(f.items, item)
	full := len(f.items) >= f.most
	f.mu.Unlock()
	if full {
		select {
		case f.kick <- struct{}{}:
		default:
		}
	}
}

func (f *Flusher) flush() error {
	f.mu.Lock()
	items := f.items
	f.items = nil
	f.mu.Unlock()
	if len(items) == 0 {
		return nil
	}
	return f.send(items)
}

// Run flushes until the context ends, and once more then.
func (f *Flusher) Run(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer func() {
		ticker.Stop()
		_ = f.flush()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.kick:
		case <-ticker.C:
		}
		if err := f.flush(); err != nil {
			return err
		}
	}
}

// Await gives the first answer, or ErrLate.
func Await(answers <-chan []byte, most time.Duration) ([]byte, error) {
	timer := time.NewTimer(most)
	select {
	case a := <-answers:
		if !timer.Stop() {
			<-timer.C
		}
		return a, nil
	case <-timer.C:
		return nil, ErrLate
	}
}
