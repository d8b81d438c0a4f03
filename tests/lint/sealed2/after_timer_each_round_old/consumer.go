// Package consumer takes messages in groups.
package consumer

import (
	"context"
	"errors"
	"math/rand"
	"time"
)

type Message struct {
	Offset int64
	Value  []byte
}

var ErrGivenUp = errors.New("consumer: given up")

// Groups collects messages until there are enough or none came for a while.
func Groups(in <-chan Message, most int, quiet time.Duration, handle func([]Message)) {
	var group []Message
	flush := func() {
		if len(group) > 0 {
			handle(group)
			group = nil
		}
	}
	for {
		timer := time.NewTimer(quiet)
		select {
		case m, ok := <-in:
			timer.Stop()
			if !ok {
				flush()
				return
			}
			if group = append(group, m); len(group) >= most {
				flush()
			}
		case <-timer.C:
			flush()
		}
	}
}

// Commit tries a few times, longer apart each time.
func Commit(ctx context.Context, offset int64, commit func(context.Context, int64) error) error {
	wait := 100 * time.Millisecond
	for attempt := 0; attempt < 5; attempt++ {
		err := commit(ctx, offset)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait + time.Duration(rand.Int63n(int64(wait)))):
		}
		wait *= 2
	}
	return ErrGivenUp
}
