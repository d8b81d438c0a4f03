// Churn-leak makes and frees 40,000 C blocks a second on four threads, and loses 1 MiB a minute among them. The
// twin does the same and loses nothing.
package main

// #include "churn.h"
import "C"

import (
	"flag"
	"math"
	"runtime"

	"example.org/specimens/internal/stage"
)

const (
	batch       = 100  // blocks
	lostBytes   = 256  // what a lost block takes in the heap: 240 and malloc's header, in sixteens
	warmUpTurns = 8000 // by then each of the 8,192 slots was replaced a hundred times
)

func main() {
	speed := flag.Float64("blocks", 40000, "`BLOCKS` made and freed per second")
	run := stage.Open(1, "`MIB` lost per minute")
	leakEvery := 0
	if !run.Twin {
		leakEvery = int(math.Ceil(*speed * 60 * lostBytes / (run.Rate * stage.MiB)))
	}
	loses := 0
	turns := make([]chan int, C.WORKERS)
	for worker := range turns {
		turns[worker] = make(chan int)
		go work(worker, turns[worker])
	}
	number := 0
	step := func() {
		turns[number%len(turns)] <- loses
		number++
	}
	for number < warmUpTurns {
		step()
	}
	loses = leakEvery
	run.Ready()
	run.Pace(*speed/batch, step)
}

// work churns; a turn says of how many blocks one is lost.
func work(worker int, turns chan int) {
	runtime.LockOSThread() // a thread keeps its arena
	for leakEvery := range turns {
		C.churn(C.int(worker), batch, C.long(leakEvery))
	}
}
