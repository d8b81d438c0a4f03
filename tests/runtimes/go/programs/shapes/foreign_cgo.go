//go:build cgo

package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <unistd.h>

static void rest(void) { for (;;) pause(); }
static void rest_deeper(int depth) { if (depth > 0) rest_deeper(depth - 1); else rest(); }
static unsigned long busy(unsigned long n) { volatile unsigned long i = 0; while (i < n) i++; return i; }
extern void goCallback(int);
static void call_back(int n) { goCallback(n); }
static void *of_c(void *ignored) { goCallback(1); return ignored; }
static int start_thread(void) { pthread_t thread; return pthread_create(&thread, 0, of_c, 0); }
*/
import "C"

import "runtime"

//export goCallback
func goCallback(depth C.int) {
	if depth > 0 {
		C.call_back(depth - 1)
		return
	}
	runtime.LockOSThread()
	arrived.Done()
	<-never
}

func foreign() {
	spawn(func() { arrived.Done(); C.rest() })
	spawn(func() { arrived.Done(); C.rest_deeper(5) })
	spawn(func() { C.call_back(0) })
	spawn(func() { C.call_back(2) })
	arrived.Add(1)
	if C.start_thread() != 0 {
		panic("no thread")
	}
	for i := 0; i < 100; i++ {
		C.busy(10)
	}
}

//go:noinline
func callsLong() {
	for {
		C.busy(3000000)
	}
}

//go:noinline
func callsShort() {
	for {
		C.busy(3000)
	}
}

func callForeign() {
	go callsLong()
	go callsShort()
}
