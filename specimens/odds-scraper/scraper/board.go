package main

import "sync"

const (
	racesShown = 48 // as many as the site has
	ticksKept  = 4
)

// A board keeps the last odds of each race. It is full after the warm-up and grows no further.
type board struct {
	mutex sync.Mutex
	races [racesShown][ticksKept][]float64
	next  [racesShown]int
}

func newBoard() *board { return &board{} }

func (b *board) save(race int, odds []float64) {
	if len(odds) == 0 {
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	race %= racesShown
	b.races[race][b.next[race]] = odds
	b.next[race] = (b.next[race] + 1) % ticksKept
}
