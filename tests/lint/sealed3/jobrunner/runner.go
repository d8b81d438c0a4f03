package jobrunner

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Job is work that can be stopped.
type Job func(ctx context.Context) error

type running struct {
	stop  context.CancelCauseFunc
	since time.Time
}

// Runner runs jobs by name, one of each at a time.
type Runner struct {
	base context.Context
	end  context.CancelFunc

	mu   sync.Mutex
	jobs map[string]running
	wg   sync.WaitGroup
}

// The reasons why a job is stopped.
var (
	ErrReplaced = errors.New("replaced by a newer run")
	ErrStopped  = errors.New("stopped by hand")
)

// NewRunner makes a runner; Close ends it.
func NewRunner() *Runner {
	r := &Runner{jobs: make(map[string]running)}
	r.base, r.end = context.WithCancel(context.Background())
	return r
}

// Start runs the job in place of the one of the same name.
func (r *Runner) Start(name string, limit time.Duration, job Job, done func(error)) {
	ctx, stop := context.WithCancelCause(r.base)
	ctx, release := context.WithTimeout(ctx, limit)
	r.mu.Lock()
	if old, ok := r.jobs[name]; ok {
		old.stop(ErrReplaced)
	}
	mine := running{stop: stop, since: time.Now()}
	r.jobs[name] = mine
	r.mu.Unlock()
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		err := job(ctx)
		if cause := context.Cause(ctx); cause != nil && err != nil {
			err = cause
		}
		release()
		stop(nil)
		r.forget(name, mine.since)
		done(err)
	}()
}

func (r *Runner) forget(name string, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs[name].since.Equal(since) {
		delete(r.jobs, name)
	}
}

// Stop ends the job of that name.
func (r *Runner) Stop(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	job, ok := r.jobs[name]
	if ok {
		job.stop(ErrStopped)
	}
	return ok
}

// Close ends all jobs and waits for them.
func (r *Runner) Close() {
	r.end()
	r.wg.Wait()
}
