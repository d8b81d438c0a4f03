package jobs

import (
	"context"
	"log/slog"
	"time"
)

type Job struct {
	ID   string
	Work func(context.Context) error
}

type Runner struct {
	base context.Context
}

func NewRunner(ctx context.Context) *Runner { return &Runner{base: ctx} }

func (r *Runner) Do(j Job) error {
	ctx, _ := context.WithTimeout(r.base, time.Hour)
	began := time.Now()
	err := j.Work(ctx)
	slog.Info("job", "id", j.ID, "took", time.Since(began), "err", err)
	return err
}
