// Thread-pile locks goroutines to threads that wait for ever in C. The twin does the same work on a pool.
package main

/*
#include <semaphore.h>
#include <string.h>

enum { TOUCHED = 128 * 1024 };

static sem_t never;

static void prepare(void) { sem_init(&never, 0, 0); }

// Uses a good piece of the thread's stack, then waits for ever if told to.
static int call_library(int forever)
{
	volatile char scratch[TOUCHED];
	memset((char *)scratch, 1, sizeof scratch);
	while (forever)
		sem_wait(&never); // again after each signal
	return scratch[TOUCHED / 2];
}
*/
import "C"

import (
	"runtime"
	"sync"

	"example.org/specimens/internal/stage"
)

const poolThreads = 16

func main() {
	run := stage.Open(10, "`THREADS` (in the twin: calls) per second")
	C.prepare()
	if !run.Twin {
		run.Ready()
		run.Pace(run.Rate, func() { go callLocked(1) })
	}
	calls := make(chan struct{}, poolThreads)
	var warm sync.WaitGroup
	warm.Add(poolThreads)
	for range poolThreads {
		go func() {
			runtime.LockOSThread()
			C.call_library(0)
			warm.Done()
			warm.Wait() // so that no thread is done before the last has begun
			for range calls {
				C.call_library(0)
			}
		}()
	}
	warm.Wait()
	run.Ready()
	run.Pace(run.Rate, func() { calls <- struct{}{} })
}

// callLocked needs a thread of its own, as libraries with thread-local state do.
func callLocked(forever C.int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.call_library(forever)
}
