package pool

func (p *Pool) Submit(f func()) { p.tasks <- f }

func (p *Pool) Close() {
	close(p.quit)
	close(p.tasks)
	p.wg.Wait()
}
