// Job-queue sends jobs into a channel with room for a million of them, whose only worker takes one in eight: the buffer
// is the leak. The twin's worker takes them all.
package main

import "example.org/specimens/internal/stage"

const (
	jobBytes = 1000
	room     = 1 << 20
	oneIn    = 8
)

type job struct {
	number int
	body   [jobBytes]byte
}

var jobs = make(chan *job, room)

var done int // by the worker, which nobody reads: it has to do something

func main() {
	run := stage.Open(1536, "`JOBS` of 1 KiB per second")
	turn := make(chan struct{})
	go work(turn)
	sent := 0
	send := func() {
		jobs <- newJob(sent)
		sent++
		if run.Twin || sent%oneIn == 0 {
			turn <- struct{}{}
		}
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, send)
	}
	run.Ready()
	run.Pace(run.Rate, send)
}

// newJob is where the bytes are allocated.
func newJob(number int) *job {
	made := &job{number: number}
	for at := range made.body {
		made.body[at] = byte(number + at)
	}
	return made
}

// work takes the next job when it is its turn.
func work(turn <-chan struct{}) {
	for range turn {
		done += int((<-jobs).body[0])
	}
}
