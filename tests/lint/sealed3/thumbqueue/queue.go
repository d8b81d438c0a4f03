package thumbqueue

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"sync"
)

// Job is one picture to make smaller.
type Job struct {
	Key   string
	Image image.Image
	Width int
	Done  func(image.Image, error)
}

// Scaler makes pictures smaller.
type Scaler func(image.Image, int) (image.Image, error)

// Queue works on jobs with a fixed number of workers.
type Queue struct {
	scale Scaler
	jobs  chan Job
	stats chan string
	wg    sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// ErrClosed is returned by Put after Close.
var ErrClosed = errors.New("queue is closed")

// NewQueue starts the workers.
func NewQueue(scale Scaler, workers, depth int) *Queue {
	q := &Queue{scale: scale, jobs: make(chan Job, depth), stats: make(chan string)}
	q.wg.Add(workers)
	for range workers {
		go q.work()
	}
	go q.count()
	return q
}

func (q *Queue) work() {
	defer q.wg.Done()
	for job := range q.jobs {
		small, err := q.scale(job.Image, job.Width)
		job.Done(small, err)
		if err != nil {
			q.stats <- "failed"
		} else {
			q.stats <- "done"
		}
	}
}

func (q *Queue) count() {
	seen := map[string]int{}
	for what := range q.stats {
		seen[what]++
	}
	slog.Info("queue ended", "done", seen["done"], "failed", seen["failed"])
}

// Put adds a job and waits for room.
func (q *Queue) Put(ctx context.Context, job Job) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return ErrClosed
	}
	select {
	case q.jobs <- job:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close lets the workers finish and waits for them.
func (q *Queue) Close() {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return
	}
	q.closed = true
	close(q.jobs)
	q.mu.Unlock()
	q.wg.Wait()
	close(q.stats)
}
