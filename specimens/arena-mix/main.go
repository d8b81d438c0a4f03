// Arena-mix makes and frees C blocks of many sizes on a dozen threads, often on another thread than the one that
// made them. What is in use stays; malloc's arenas fragment, grow, and come to rest far above it. In the twin all
// blocks are of one size, and what is freed is used again.
package main

/*
#include "mix.h"
#include <malloc.h>
*/
import "C"

import (
	"fmt"
	"runtime"

	"example.org/specimens/internal/stage"
)

const batch = 100 // blocks

func main() {
	run := stage.Open(300, "`BATCHES` of 100 blocks per second")
	even := C.int(0)
	if run.Twin {
		even = 1
	}
	turns := make([]chan struct{}, C.WORKERS)
	for worker := range turns {
		turns[worker] = make(chan struct{})
		go work(worker, turns[worker], even)
	}
	number := 0
	step := func() {
		turns[number%len(turns)] <- struct{}{}
		number++
	}
	for number < len(turns) {
		step()
	}
	run.Ready(fmt.Sprintf("workers=%d", len(turns)))
	run.Pace(run.Rate, step)
}

func work(worker int, turns chan struct{}, even C.int) {
	runtime.LockOSThread() // a thread keeps its arena
	for range turns {
		C.mix(C.int(worker), batch, even)
	}
}
