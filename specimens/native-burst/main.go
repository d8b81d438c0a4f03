// Native-burst lets a C library use 192 MiB once, on 16 threads, some seconds after READY. All but a few small
// blocks are freed, and malloc keeps the pages between them in its arenas. The twin calls malloc_trim(3) then.
package main

/*
#include "burst.h"
#include <malloc.h>
*/
import "C"

import (
	"flag"
	"fmt"
	"time"

	"example.org/specimens/internal/stage"
)

func main() {
	after := flag.Duration("after", 8*time.Second, "the burst comes so much `TIME` after READY")
	size := flag.Int("burst", 192, "`MIB` that the burst uses")
	run := stage.Open(400, "`REQUESTS` per second, before the burst and after it")
	number := 0
	step := func() {
		C.request(C.long(number))
		number++
	}
	step()
	time.AfterFunc(*after, func() { importCatalogue(*size*stage.MiB, run.Twin) })
	run.Ready(fmt.Sprintf("after=%s", *after))
	run.Pace(run.Rate, step)
}

// importCatalogue is the burst.
func importCatalogue(bytes int, trims bool) {
	C.burst(C.long(bytes))
	if trims {
		C.malloc_trim(0)
	}
}
