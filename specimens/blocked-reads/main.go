// Blocked-reads waits for a device that does not answer: each read is a system call on a descriptor in blocking
// mode, and Go gives each a thread. In the twin the descriptors are the poller's, and reads have a deadline: they
// wait without a thread, and end.
package main

import (
	"errors"
	"os"
	"syscall"
	"time"

	"example.org/specimens/internal/stage"
)

const (
	answerBytes = 4 << 10
	deadline    = 20 * time.Millisecond
	mostThreads = 8000 // Go's own limit is 10,000 (runtime/debug.SetMaxThreads)
)

func main() {
	run := stage.Open(25, "`READS` per second")
	started := 0
	read := blocking(run)
	if run.Twin {
		read = func() { run.Must(poll()) }
	}
	step := func() {
		go read()
		if started++; started == mostThreads && !run.Twin {
			run.Fail("%d threads wait", mostThreads)
		}
	}
	if run.Twin {
		run.WarmUp(8*run.Rate, nil, step) // a read makes little garbage
	}
	run.Ready()
	run.Pace(run.Rate, step)
}

// blocking reads from a pipe whose other end is open and silent.
func blocking(run *stage.Stage) func() {
	var ends [2]int
	run.Must(syscall.Pipe(ends[:]))
	return func() {
		answer := make([]byte, answerBytes)
		for {
			_, err := syscall.Read(ends[0], answer)
			if !errors.Is(err, syscall.EINTR) {
				run.Must(err)
				return
			}
		}
	}
}

// poll reads from such a pipe of its own by the poller, and gives up at the deadline.
func poll() error {
	device, silent, err := os.Pipe()
	if err != nil {
		return err
	}
	defer device.Close()
	defer silent.Close()
	if err := device.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		return err
	}
	if _, err = device.Read(make([]byte, answerBytes)); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
