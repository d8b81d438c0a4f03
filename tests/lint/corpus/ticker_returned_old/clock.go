package clock

import "time"

// Ticks gives the channel and what ends it.
func Ticks(every time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}

type Group struct {
	stops []func()
}

func (g *Group) Every(d time.Duration, f func(time.Time)) {
	t := time.NewTicker(d)
	quit := make(chan struct{})
	g.stops = append(g.stops, func() {
		t.Stop()
		close(quit)
	})
	go func() {
		for {
			select {
			case now := <-t.C:
				f(now)
			case <-quit:
				return
			}
		}
	}()
}

func (g *Group) Stop() {
	for _, stop := range g.stops {
		stop()
	}
	g.stops = nil
}

func Wait(n int) {
	c, stop := Ticks(time.Millisecond)
	defer stop()
	for ; n > 0; n-- {
		<-c
	}
}
