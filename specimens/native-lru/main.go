// Native-lru keeps answers in a C library's cache that has no bound. The twin's cache has one: it fills from
// READY on as fast as the guilty one grows, and then stays full. While it fills nobody can tell the two apart.
package main

// #include "cache.h"
import "C"

import (
	"flag"
	"fmt"

	"example.org/specimens/internal/stage"
)

const lately = 100 // questions ago

func main() {
	bound := flag.Int("bound", 32, "the twin's cache holds at most so many `MIB`")
	run := stage.Open(800, "new `ANSWERS` of about 2 KiB per second")
	boundBytes := 0
	if run.Twin {
		boundBytes = *bound * stage.MiB
	}
	cache := C.cache_new(C.size_t(boundBytes))
	question := 0
	step := func() { // a new question, and one that was asked a while ago
		ask(cache, question)
		ask(cache, max(0, question-lately))
		question++
	}
	step()
	run.Ready(fmt.Sprintf("bound=%d", boundBytes))
	run.Pace(run.Rate, step)
}

func ask(cache *C.struct_cache, question int) {
	C.cache_answer(cache, C.ulong(question))
}
