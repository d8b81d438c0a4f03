package batcher

import (
	"log"
	"time"
)

type Record []byte

type Batcher struct {
	in   chan Record
	out  func([]Record) error
	stop chan struct{}
}

func (b *Batcher) run() {
	var batch []Record
	flush := func() {
		if len(batch) == 0 {
			return
		}
		if err := b.out(batch); err != nil {
			log.Print(err)
		}
		batch = nil
	}
	idle := 5 * time.Minute
	for {
		timeout := time.After(idle)
		select {
		case r, ok := <-b.in:
			if !ok {
				flush()
				return
			}
			batch = append(batch, r)
			if len(batch) == 500 {
				flush()
			}
		case <-timeout:
			flush()
		case <-b.stop:
			flush()
			return
		}
	}
}
