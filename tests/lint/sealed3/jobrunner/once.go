package jobrunner

import "context"

// linked returns a context that ends with either of the two.
func linked(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// Once runs the job now, as long as both the caller and the runner live.
func (r *Runner) Once(ctx context.Context, job Job) error {
	both, cancel := linked(ctx, r.base)
	defer cancel()
	return job(both)
}
