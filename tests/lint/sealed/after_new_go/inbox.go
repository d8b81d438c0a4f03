package inbox

import (
	"context"
	"errors"
	"time"
)

var ErrQuiet = errors.New("inbox: quiet")

func Drain(ctx context.Context, in <-chan []byte, each func([]byte)) error {
	for {
		select {
		case m, ok := <-in:
			if !ok {
				return nil
			}
			each(m)
		case <-time.After(30 * time.Minute):
			return ErrQuiet
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
