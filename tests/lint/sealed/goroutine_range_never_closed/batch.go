package batch

import (
	"sync"
)

// Map applies f with n workers.
func Map(n int, in []string, f func(string) string) []string {
	type item struct {
		at   int
		text string
	}
	work := make(chan item)
	out := make([]string, len(in))
	var wg sync.WaitGroup
	wg.Add(len(in))
	for i := 0; i < n; i++ {
		go func() {
			for it := range work {
				out[it.at] = f(it.text)
				wg.Done()
			}
		}()
	}
	for i, text := range in {
		work <- item{i, text}
	}
	wg.Wait()
	return out
}
