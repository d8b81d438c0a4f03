//go:build cgo

package main

/*
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t filled;
static void *first[1024], *stack[1024];
static int blocks;

static void *work(void *at) {
	long i = (long)at;
	char local[4096];
	memset(local, 1, sizeof local);
	stack[i] = local;
	for (int n = 0; n < blocks; n++) {
		char *block = malloc(1000);
		memset(block, 1, 1000);
		if (n == 0) first[i] = block;
	}
	pthread_barrier_wait(&filled);
	for (;;) pause();
	return NULL;
}

static void start(int threads, int each, size_t stack_bytes) {
	blocks = each;
	pthread_barrier_init(&filled, NULL, threads + 1);
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	if (stack_bytes) pthread_attr_setstacksize(&attributes, stack_bytes);
	for (long i = 0; i < threads; i++) {
		pthread_t thread;
		pthread_create(&thread, &attributes, work, (void *)i);
	}
	pthread_barrier_wait(&filled);
}

static void *big(size_t bytes) {
	char *block = malloc(bytes);
	memset(block, 1, bytes);
	return block;
}
static void *first_of(int i) { return first[i]; }
static void *stack_of(int i) { return stack[i]; }
*/
import "C"

func native() []place {
	var places []place
	if n := options["threads"]; n > 0 {
		C.start(C.int(n), C.int(options["blocks"]), C.size_t(options["stacksize"]<<10))
		for i := 0; i < n; i++ {
			places = append(places, place{uintptr(C.first_of(C.int(i))), "malloc in a thread"})
			places = append(places, place{uintptr(C.stack_of(C.int(i))), "thread stack"})
		}
	}
	if n := options["big"]; n > 0 {
		places = append(places, place{uintptr(C.big(C.size_t(n << 20))), "mmap"})
	}
	return places
}
