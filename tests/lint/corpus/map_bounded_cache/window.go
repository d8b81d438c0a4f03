package cache

import "sync"

var window = struct {
	sync.Mutex
	hits map[string]int
}{hits: map[string]int{}}

func Hit(who string) int {
	window.Lock()
	defer window.Unlock()
	window.hits[who]++
	return window.hits[who]
}

// NextWindow is called by the clock.
func NextWindow() {
	window.Lock()
	clear(window.hits)
	window.Unlock()
}
