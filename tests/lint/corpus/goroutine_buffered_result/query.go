package query

import (
	"context"
	"errors"
	"time"
)

type DB interface {
	Query(string) ([]byte, error)
}

type result struct {
	data []byte
	err  error
}

var ErrSlow = errors.New("query: too slow")

func Run(ctx context.Context, db DB, q string) ([]byte, error) {
	done := make(chan result, 1)
	go func() {
		data, err := db.Query(q)
		done <- result{data, err}
	}()
	timer := time.NewTimer(3 * time.Second)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.data, r.err
	case <-timer.C:
		return nil, ErrSlow
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Fastest asks all and takes the first; each has a place for its answer.
func Fastest(dbs []DB, q string) ([]byte, error) {
	done := make(chan result, len(dbs))
	for _, db := range dbs {
		go func(db DB) {
			data, err := db.Query(q)
			done <- result{data, err}
		}(db)
	}
	r := <-done
	return r.data, r.err
}
