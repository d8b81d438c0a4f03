package race

import (
	"context"
	"errors"
)

type Replica func(context.Context) (string, error)

var ErrNone = errors.New("race: no replica")

// Ask asks the replicas one after the other.
func Ask(parent context.Context, replicas []Replica) (string, error) {
	if len(replicas) == 0 {
		return "", ErrNone
	}
	ctx, cancel := context.WithCancel(parent)
	var last error
	for _, r := range replicas {
		s, err := r(ctx)
		if err == nil {
			cancel()
			return s, nil
		}
		last = err
	}
	return "", last
}
