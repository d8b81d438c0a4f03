package sampler

import (
	"context"
	"errors"
	"runtime/metrics"
	"time"
)

// Sample is a handful of values of one moment.
type Sample struct {
	At     time.Time
	Values map[string]float64
}

// ErrQuiet is returned when nothing came in time.
var ErrQuiet = errors.New("no sample in time")

func read(names []string) Sample {
	list := make([]metrics.Sample, len(names))
	for i, n := range names {
		list[i].Name = n
	}
	metrics.Read(list)
	out := Sample{At: time.Now(), Values: make(map[string]float64, len(list))}
	for _, s := range list {
		switch s.Value.Kind() {
		case metrics.KindUint64:
			out.Values[s.Name] = float64(s.Value.Uint64())
		case metrics.KindFloat64:
			out.Values[s.Name] = s.Value.Float64()
		}
	}
	return out
}

// Burst takes n samples, one every interval.
func Burst(ctx context.Context, names []string, n int, interval time.Duration) ([]Sample, error) {
	beat := time.NewTicker(interval)
	out := make([]Sample, 0, n)
	for len(out) < n {
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-beat.C:
			out = append(out, read(names))
		}
	}
	return out, nil
}

// Wait returns the next sample of the channel.
func Wait(in <-chan Sample, patience time.Duration) (Sample, error) {
	limit := time.NewTimer(patience)
	select {
	case s, ok := <-in:
		if !ok {
			return s, ErrQuiet
		}
		return s, nil
	case <-limit.C:
		return Sample{}, ErrQuiet
	}
}

// Feed sends samples until ctx is done.
func Feed(ctx context.Context, names []string, interval time.Duration) <-chan Sample {
	out := make(chan Sample)
	go func() {
		defer close(out)
		for range time.Tick(interval) {
			select {
			case out <- read(names):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
