package batchflush

import (
	"log"
	"sync"
	"time"
)

// Sink takes points in bulk.
type Sink interface {
	WritePoints(points []string) error
}

// Batcher collects points and writes them in bulk.
type Batcher struct {
	sink Sink
	max  int
	tick *time.Ticker
	quit chan struct{}
	done chan struct{}

	mu     sync.Mutex
	points []string
	idle   *time.Timer
}

// NewBatcher makes a batcher that writes at least every interval.
func NewBatcher(sink Sink, max int, interval time.Duration) *Batcher {
	b := &Batcher{
		sink: sink,
		max:  max,
		tick: time.NewTicker(interval),
		quit: make(chan struct{}),
		done: make(chan struct{}),
	}
	b.idle = time.AfterFunc(10*interval, b.report)
	go b.loop()
	return b
}

func (b *Batcher) report() {
	log.Print("batcher has had nothing to do")
}

func (b *Batcher) loop() {
	defer close(b.done)
	for {
		select {
		case <-b.tick.C:
			b.flush()
		case <-b.quit:
			b.flush()
			return
		}
	}
}

// Add takes one point.
func (b *Batcher) Add(point string) {
	b.mu.Lock()
	b.points = append(b.points, point)
	full := len(b.points) >= b.max
	b.mu.Unlock()
	if full {
		b.flush()
	}
}

func (b *Batcher) flush() {
	b.mu.Lock()
	points := b.points
	b.points = nil
	b.mu.Unlock()
	if len(points) == 0 {
		return
	}
	b.idle.Reset(time.Minute)
	if err := b.sink.WritePoints(points); err != nil {
		log.Printf("%d points are lost: %v", len(points), err)
	}
}

// Close writes what is left.
func (b *Batcher) Close() {
	b.tick.Stop()
	close(b.quit)
	<-b.done
	b.idle.Stop()
}
