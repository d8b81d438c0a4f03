// Ticker-pile gives each subscription a ticker, and a goroutine with a buffer that waits for its ticks. In the
// twin the goroutine ends with its subscription and stops the ticker.
//
// Stop does not close a ticker's channel, so stopping alone ends no goroutine that ranges over it. What nobody
// waits for is another matter: since Go 1.23 a ticker without references is collected, stopped or not (release
// notes, "Timer changes"), before it stayed in the runtime's timers for ever. -unreferenced makes that form.
package main

import (
	"flag"
	"time"

	"example.org/specimens/internal/stage"
)

const (
	interval    = 5 * time.Second
	pricesBytes = 12 << 10
)

func main() {
	unreferenced := flag.Bool("unreferenced", false, "make tickers only, and drop them: a leak before Go 1.23, and with GODEBUG=asynctimerchan=1")
	run := stage.Open(100, "`SUBSCRIPTIONS` per second")
	subscribe := func() {
		over := make(chan struct{})
		go refresh(over, run.Twin)
		close(over)
	}
	if *unreferenced {
		subscribe = func() { drop(run.Twin) }
	}
	if run.Twin || *unreferenced {
		run.WarmUp(run.Rate, nil, subscribe)
	}
	run.Ready()
	run.Pace(run.Rate, subscribe)
}

// refresh keeps the prices of one subscription fresh until it is over, if it heeds that.
func refresh(over <-chan struct{}, heeds bool) {
	prices := newPrices()
	ticker := time.NewTicker(interval)
	if heeds {
		defer ticker.Stop()
	} else {
		over = nil
	}
	for {
		for at := range prices {
			prices[at]++
		}
		select {
		case <-ticker.C:
		case <-over:
			return
		}
	}
}

// newPrices is not inlined: on the goroutine's own stack the buffer would be no part of the heap.
//
//go:noinline
func newPrices() []byte { return make([]byte, pricesBytes) }

// drop makes a ticker and keeps no reference to it.
func drop(stops bool) {
	ticker := time.NewTicker(interval)
	if stops {
		ticker.Stop()
	}
}
