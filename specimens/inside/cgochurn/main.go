// Cgochurn is Go that calls C millions of times a second, and leaks in four ways by as many bytes as it is told.
//
// "work COUNT SPIN" allocates and frees on four goroutines and says what that took; "leak BYTES" leaks so much in each
// of the four ways; "drip BYTES SPIN" leaks so much a second, beside work, until "calm".
package main

/*
#include "churn.h"
*/
import "C"

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"example.org/inside/answer"
)

const (
	workers = 4
	batch   = 256
)

var (
	stop  chan struct{}
	ended sync.WaitGroup
)

func main() {
	answer.Ready(answer.Commands{"work": work, "leak": leak, "forget": forget, "truth": truth, "drip": drip, "calm": calm})
}

//go:noinline
func processBatch(ring int, count, spin int) {
	C.churn(C.int(ring), C.long(count), C.long(spin))
}

//go:noinline
func parseDocument(kind C.enum_kind, number int) { C.parse_document(kind, C.long(number)) }

//go:noinline
func handleRace(bytes int) {
	for number := 0; int(C.outstanding(C.NODES)) < bytes; number++ {
		parseDocument(C.NODES, number)
	}
}

//go:noinline
func handleUpload(bytes int) {
	for int(C.outstanding(C.UPLOADS)) < bytes {
		C.receive_upload()
	}
}

//go:noinline
func handleImage(bytes int) {
	for int(C.outstanding(C.IMAGES)) < bytes {
		C.decode_image()
	}
}

//go:noinline
func handleBuffer(bytes int) {
	for int(C.outstanding(C.BUFFERS)) < bytes {
		C.fill_buffer()
	}
}

// worker does its share of the work, a batch in each call of C.
func worker(ring int, count, spin int, done *sync.WaitGroup) {
	defer done.Done()
	for ; count > 0; count -= batch {
		processBatch(ring, batch, spin)
	}
}

func work(argument string) string {
	var count, spin int
	fmt.Sscan(argument, &count, &spin)
	var done sync.WaitGroup
	began, cpu := time.Now(), cpuNs()
	for number := 0; number < workers; number++ {
		done.Add(1)
		go worker(number, count/workers, spin, &done)
	}
	done.Wait()
	return fmt.Sprintf(`{"cpu_ns": %d, "wall_ns": %d, "allocations": %d}`,
		cpuNs()-cpu, time.Since(began), workers*((count/workers+batch-1)/batch*batch))
}

// leak adds the same number of bytes to each of the four leaks, at the same time, while a fifth goroutine churns.
func leak(argument string) string {
	var bytes int
	fmt.Sscan(argument, &bytes)
	var done sync.WaitGroup
	for kind, handle := range []func(int){handleRace, handleUpload, handleImage, handleBuffer} {
		done.Add(1)
		go func(kind int, handle func(int)) {
			defer done.Done()
			handle(int(C.outstanding(uint32(kind))) + bytes)
		}(kind, handle)
	}
	done.Add(1)
	go worker(workers, 50000, 0, &done)
	done.Wait()
	return truth("")
}

func forget(string) string {
	for kind := C.NODES; kind < C.KINDS; kind++ {
		C.forget(uint32(kind))
	}
	return "{}"
}

func truth(string) string {
	return fmt.Sprintf(`{"handleRace": %d, "handleUpload": %d, "handleImage": %d, "handleBuffer": %d, "handleDrip": %d}`,
		int64(C.outstanding(C.NODES)), int64(C.outstanding(C.UPLOADS)), int64(C.outstanding(C.IMAGES)),
		int64(C.outstanding(C.BUFFERS)), int64(C.outstanding(C.DRIPS)))
}

//go:noinline
func handleDrip(bytes int) {
	for number, until := 0, int(C.outstanding(C.DRIPS))+bytes; int(C.outstanding(C.DRIPS)) < until; number++ {
		parseDocument(C.DRIPS, number)
	}
}

const dripsPerS = 50

func drip(argument string) string {
	var bytes, spin int
	fmt.Sscan(argument, &bytes, &spin)
	stop = make(chan struct{})
	ended.Add(1)
	go func() {
		defer ended.Done()
		ticks := time.NewTicker(time.Second / dripsPerS)
		defer ticks.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticks.C:
				handleDrip(bytes / dripsPerS)
				processBatch(workers+1, 2000, spin)
			}
		}
	}()
	return "{}"
}

func calm(string) string {
	close(stop)
	ended.Wait()
	return truth("")
}

func cpuNs() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}
