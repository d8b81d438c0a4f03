package fxquotes

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Rate is the price of one unit of Base in Quote.
type Rate struct {
	Base, Quote string
	Value       float64
	Source      string
}

// Source is a bank that knows rates.
type Source interface {
	Name() string
	Rate(ctx context.Context, base, quote string) (float64, error)
}

// Desk asks several banks at once.
type Desk struct {
	sources  []Source
	patience time.Duration
}

// NewDesk makes a desk of the sources.
func NewDesk(patience time.Duration, sources ...Source) *Desk {
	return &Desk{sources: sources, patience: patience}
}

type result struct {
	rate Rate
	err  error
}

// Fastest returns the rate that comes first.
func (d *Desk) Fastest(ctx context.Context, base, quote string) (Rate, error) {
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	results := make(chan result, len(d.sources))
	for _, s := range d.sources {
		go func(s Source) {
			v, err := s.Rate(ctx, base, quote)
			results <- result{Rate{base, quote, v, s.Name()}, err}
		}(s)
	}
	var failed []error
	for range d.sources {
		select {
		case r := <-results:
			if r.err == nil {
				return r.rate, nil
			}
			failed = append(failed, fmt.Errorf("%s: %w", r.rate.Source, r.err))
		case <-ctx.Done():
			return Rate{}, errors.Join(append(failed, ctx.Err())...)
		}
	}
	return Rate{}, errors.Join(failed...)
}

// Warm asks one source for a rate and does not wait long.
func Warm(s Source, base, quote string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	ok := make(chan bool, 1)
	go func() {
		_, err := s.Rate(ctx, base, quote)
		ok <- err == nil
	}()
	select {
	case v := <-ok:
		return v
	case <-ctx.Done():
		return false
	}
}
