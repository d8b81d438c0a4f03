package wait

import (
	"errors"
	"time"
)

var ErrTimeout = errors.New("wait: timeout")

func For(done <-chan struct{}, limit time.Duration) error {
	select {
	case <-done:
		return nil
	case <-time.After(limit):
		return ErrTimeout
	}
}

// Retry tries three times with a pause between.
func Retry(f func() error) (err error) {
	for i := 0; i < 3; i++ {
		if err = f(); err == nil {
			return nil
		}
		<-time.After(100 * time.Millisecond << i)
	}
	return err
}
