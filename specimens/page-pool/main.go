// Page-pool reads random pages of a store through a C library that keeps each page it has read: at first nearly
// every read takes memory, then fewer and fewer, as the last pages are met. The twin's pool is full at READY.
package main

// #include <stdlib.h>
// #include <string.h>
import "C"

import (
	"fmt"
	"math/rand/v2"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const (
	pages     = 1024
	pageBytes = 32 << 10 // below what malloc takes from mmap(2) (mallopt(3) M_MMAP_THRESHOLD)
	seed      = 1
)

func main() {
	run := stage.Open(100, "`READS` of random pages per second")
	pool := make([]unsafe.Pointer, pages)
	random := rand.New(rand.NewPCG(seed, seed))
	for number := range pool {
		if run.Twin {
			fetch(pool, number)
		}
	}
	look := func() { fetch(pool, random.IntN(pages)) }
	look()
	run.Ready(fmt.Sprintf("bound=%d", pages*pageBytes))
	run.Pace(run.Rate, look)
}

// fetch reads a page, from the store if the pool does not have it yet.
func fetch(pool []unsafe.Pointer, number int) unsafe.Pointer {
	if pool[number] == nil {
		pool[number] = C.malloc(pageBytes)
		C.memset(pool[number], C.int(number), pageBytes)
	}
	return pool[number]
}
