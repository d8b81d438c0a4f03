// Package worker runs jobs from a queue.
package worker

import (
	"context"
	"log"
	"sync"
	"time"
)

type Job interface {
	Name() string
	Run(ctx context.Context) error
}

type Pool struct {
	jobs    chan Job
	timeout time.Duration
	wg      sync.WaitGroup
}

func NewPool(size int, timeout time.Duration) *Pool {
	p := &Pool{jobs: make(chan Job, size*2), timeout: timeout}
	for i := 0; i < size; i++ {
		p.wg.Add(1)
		go p.work(i)
	}
	return p
}

func (p *Pool) Submit(j Job) { p.jobs <- j }

func (p *Pool) Close() {
	close(p.jobs)
	p.wg.Wait()
}

func (p *Pool) work(id int) {
	defer p.wg.Done()
	for job := range p.jobs {
		ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
		defer cancel()
		start := time.Now()
		if err := job.Run(ctx); err != nil {
			log.Printf("worker %d: %s: %v", id, job.Name(), err)
			continue
		}
		log.Printf("worker %d: %s took %s", id, job.Name(), time.Since(start))
	}
}
