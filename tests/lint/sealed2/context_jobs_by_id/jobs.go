// Package jobs runs named jobs that can be stopped.
package jobs

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"time"
)

var ErrRunning = errors.New("jobs: already running")

type Manager struct {
	mu      sync.Mutex
	running map[string]context.CancelFunc
	wg      sync.WaitGroup
}

func NewManager() *Manager { return &Manager{running: make(map[string]context.CancelFunc)} }

func (m *Manager) Start(parent context.Context, id string, limit time.Duration, job func(context.Context)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.running[id]; ok {
		return ErrRunning
	}
	ctx, cancel := context.WithTimeout(parent, limit)
	m.running[id] = cancel
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		defer m.finish(id)
		job(ctx)
	}()
	return nil
}

func (m *Manager) finish(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if cancel, ok := m.running[id]; ok {
		cancel()
		delete(m.running, id)
	}
}

func (m *Manager) Stop(id string) { m.finish(id) }

// Serve runs until the process is asked to end.
func (m *Manager) Serve(start func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	m.mu.Lock()
	for _, cancel := range m.running {
		cancel()
	}
	m.mu.Unlock()
	m.wg.Wait()
	return nil
}
