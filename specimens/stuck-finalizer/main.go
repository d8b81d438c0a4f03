// Stuck-finalizer drops sessions that have finalizers, and the first finalizer that runs waits for ever. Go runs them all in
// one goroutine: the others wait behind it, and every session with them. The twin's finalizers do not wait.
package main

import (
	"runtime"

	"example.org/specimens/internal/stage"
)

const (
	sessionBytes = 8 << 10
	pageBytes    = 64 << 10 // garbage of every session, so that there are collections
)

type session struct {
	number int
	body   [sessionBytes - 8]byte
}

var sent []byte // the last page: one that nobody could see would not be on the heap

var closed int

func main() {
	run := stage.Open(192, "`SESSIONS` per second")
	answer := make(chan struct{}) // that never comes
	number := 0
	use := func() {
		opened := open(number)
		number++
		runtime.SetFinalizer(opened, func(*session) {
			if !run.Twin {
				<-answer
			}
			closed++
		})
		sent = make([]byte, pageBytes)
		sent[number%pageBytes] = opened.body[0]
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, use)
	}
	run.Ready()
	run.Pace(run.Rate, use)
}

// open is where the bytes are allocated.
func open(number int) *session {
	made := &session{number: number}
	for at := range made.body {
		made.body[at] = byte(number + at)
	}
	return made
}
