package pool

import "sync"

type Pool struct {
	tasks chan func()
	quit  chan struct{}
	wg    sync.WaitGroup
}

func New(n int) *Pool {
	p := &Pool{tasks: make(chan func()), quit: make(chan struct{})}
	p.wg.Add(n)
	for i := 0; i < n; i++ {
		go p.work()
	}
	return p
}

func (p *Pool) work() {
	defer p.wg.Done()
	for task := range p.tasks {
		task()
	}
}

// Every calls f again and again, as fast as it returns.
func (p *Pool) Every(f func()) {
	go func() {
		for {
			select {
			case <-p.quit:
				return
			default:
				f()
			}
		}
	}()
}
