package runs

import (
	"context"
	"sync"
	"time"
)

type Runs struct {
	mu   sync.Mutex
	stop map[string]context.CancelFunc
}

func (r *Runs) Start(id string, work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	r.mu.Lock()
	if r.stop == nil {
		r.stop = make(map[string]context.CancelFunc)
	}
	r.stop[id] = cancel
	r.mu.Unlock()
	go func() {
		defer r.Stop(id)
		work(ctx)
	}()
}

func (r *Runs) Stop(id string) {
	r.mu.Lock()
	cancel := r.stop[id]
	delete(r.stop, id)
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

func after(d time.Duration, f func()) { time.AfterFunc(d, f) }

// Soft ends a little after its parent.
func Soft(parent context.Context, grace time.Duration) context.Context {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	context.AfterFunc(parent, func() { after(grace, cancel) })
	return ctx
}
