package probe

import (
	"context"
	"log"
	"net/http"
	"time"
)

type Target struct {
	Name string
	URL  string
}

type Result struct {
	Target  Target
	Up      bool
	Latency time.Duration
}

func Check(ctx context.Context, t Target) Result {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return Result{Target: t}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Printf("%s: %v", t.Name, err)
		return Result{Target: t}
	}
	return Result{Target: t, Up: resp.StatusCode < 500, Latency: time.Since(began)}
}
