package cronkeeper

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Task is something to do again and again.
type Task struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) (string, error)
}

// Run is one time that a task was done.
type Run struct {
	Task   string
	Start  time.Time
	Took   time.Duration
	Output string
	Err    error
}

// Keeper does tasks when they are due.
type Keeper struct {
	tasks []Task
	mu    sync.Mutex
	runs  []Run
}

// New makes a keeper of the tasks.
func New(tasks ...Task) *Keeper {
	return &Keeper{tasks: tasks}
}

// Loop does the tasks until ctx is done.
func (k *Keeper) Loop(ctx context.Context) {
	var wg sync.WaitGroup
	for _, t := range k.tasks {
		wg.Add(1)
		go func() {
			defer wg.Done()
			k.repeat(ctx, t)
		}()
	}
	wg.Wait()
}

func (k *Keeper) repeat(ctx context.Context, t Task) {
	tick := time.NewTicker(t.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.once(ctx, t)
		case <-ctx.Done():
			return
		}
	}
}

func (k *Keeper) once(ctx context.Context, t Task) {
	ctx, cancel := context.WithTimeout(ctx, t.Every)
	defer cancel()
	run := Run{Task: t.Name, Start: time.Now()}
	run.Output, run.Err = t.Do(ctx)
	run.Took = time.Since(run.Start)
	k.mu.Lock()
	k.runs = append(k.runs, run)
	k.mu.Unlock()
}

// Status says how the last run of each task went.
func (k *Keeper) Status() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := make(map[string]Run)
	for _, r := range k.runs {
		last[r.Task] = r
	}
	var lines []string
	for _, t := range k.tasks {
		r, ok := last[t.Name]
		switch {
		case !ok:
			lines = append(lines, t.Name+": not yet")
		case r.Err != nil:
			lines = append(lines, fmt.Sprintf("%s: failed at %s: %v", t.Name, r.Start.Format(time.RFC3339), r.Err))
		default:
			lines = append(lines, fmt.Sprintf("%s: took %s", t.Name, r.Took))
		}
	}
	return lines
}
