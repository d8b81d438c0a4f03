// Goroutine-pile starts goroutines that wait for ever for an answer nobody sends, each with a buffer and a
// grown stack. In the twin the answer comes, and as many goroutines end as begin.
package main

import (
	"runtime"
	"sync"

	"example.org/specimens/internal/stage"
)

const (
	bufferBytes = 8 << 10
	depth       = 40 // calls of about 128 bytes: past the first 2 KiB of stack
)

func main() {
	run := stage.Open(100, "`GOROUTINES` per second")
	start := func() {
		answer := make(chan int)
		go awaitAnswer(answer)
		if run.Twin {
			answer <- 1
		}
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, start)
	}
	run.Ready()
	run.Pace(run.Rate, start)
}

// The buffers in use are counted so that the compiler cannot do without them.
var inUse struct {
	sync.Mutex
	bytes int
}

func awaitAnswer(answer chan int) {
	buffer := make([]byte, bufferBytes)
	for at := range buffer {
		buffer[at] = 1
	}
	got := descend(depth, answer)
	inUse.Lock()
	inUse.bytes += got * len(buffer)
	inUse.Unlock()
	runtime.KeepAlive(buffer)
}

//go:noinline
func descend(left int, answer chan int) int {
	var frame [96]byte
	frame[left] = 1
	if left == 0 {
		return <-answer
	}
	return descend(left-1, answer)*int(frame[left]) + int(frame[(left+1)%len(frame)])
}
