// Late-answers asks a slow search and gives up waiting; the answer comes after that, and its goroutine waits for
// ever, deep in its stack, to send it. In the twin the channel has room for one answer, and the goroutine ends.
package main

import (
	"context"
	"time"

	"example.org/specimens/internal/stage"
)

const (
	patience = 2 * time.Millisecond
	slowness = 20 * time.Millisecond // of the search
	depth    = 120                   // of the tree: some 150 bytes each, past 16 KiB of stack
)

func main() {
	run := stage.Open(50, "`QUESTIONS` per second")
	room := 0
	if run.Twin {
		room = 1
	}
	question := func() { go ask(room) }
	if run.Twin {
		run.WarmUp(run.Rate, nil, question)
	}
	run.Ready()
	run.Pace(run.Rate, question)
}

// ask gives up when its patience ends, as handlers with a deadline do.
func ask(room int) int {
	waiting, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answers := make(chan int, room)
	go search(depth, answers)
	select {
	case answer := <-answers:
		return answer
	case <-waiting.Done():
		return 0
	}
}

// search goes down a tree and sends what it finds from where it finds it.
//
//go:noinline
func search(left int, answers chan<- int) int {
	var path [96]byte
	path[left%len(path)] = 1
	if left == 0 {
		time.Sleep(slowness)
		answers <- 1
		return 1
	}
	return search(left-1, answers) + int(path[left%len(path)])
}
