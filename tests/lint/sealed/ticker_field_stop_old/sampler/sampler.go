package sampler

import (
	"sync"
	"time"
)

type Sampler struct {
	tick *time.Ticker
	quit chan struct{}
	once sync.Once
}

func Start(every time.Duration, sample func(time.Time)) *Sampler {
	s := &Sampler{tick: time.NewTicker(every), quit: make(chan struct{})}
	go s.loop(sample)
	return s
}

func (s *Sampler) loop(sample func(time.Time)) {
	for {
		select {
		case now := <-s.tick.C:
			sample(now)
		case <-s.quit:
			return
		}
	}
}

func (s *Sampler) Stop() {
	s.once.Do(func() {
		s.tick.Stop()
		close(s.quit)
	})
}

// Within waits for done, but not longer than limit.
func Within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
