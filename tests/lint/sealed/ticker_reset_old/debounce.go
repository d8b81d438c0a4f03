package debounce

import "time"

// Run calls f when nothing came for wait.
func Run(in <-chan struct{}, wait time.Duration, f func()) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	var fired <-chan time.Time
	for {
		select {
		case _, ok := <-in:
			if !ok {
				return
			}
			if timer != nil {
				timer.Stop()
			}
			timer = time.NewTimer(wait)
			fired = timer.C
		case <-fired:
			fired = nil
			f()
		}
	}
}

type Clock struct {
	*time.Ticker
}

func NewClock(d time.Duration) Clock { return Clock{time.NewTicker(d)} }

func Count(d time.Duration, n int) (got int) {
	c := NewClock(d)
	defer c.Stop()
	for range c.C {
		if got++; got == n {
			break
		}
	}
	return got
}
