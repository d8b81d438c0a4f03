// Gc-sawtooth makes garbage under a generous GOGC: its heap rises for seconds, falls, and rises again to the
// same height; its resident memory stays at that height, five times what lives. The twin does the same work
// under Go's default.
package main

import (
	"flag"
	"runtime/debug"

	"example.org/specimens/internal/stage"
)

const (
	liveMiB      = 16
	objectBytes  = 4 << 10
	generousGOGC = 400
)

var live [liveMiB * stage.MiB / objectBytes][]byte

func main() {
	cold := flag.Bool("cold", false, "be ready before the first tooth, which then looks like growth")
	run := stage.Open(8, "`MIB` of garbage per second")
	if !run.Twin {
		debug.SetGCPercent(generousGOGC)
	}
	at := 0
	allocate := func() {
		object := make([]byte, objectBytes)
		for byte := 0; byte < len(object); byte += 512 {
			object[byte] = 1
		}
		live[at%len(live)] = object
		at++
	}
	perSecond := run.Rate * stage.MiB / objectBytes
	for at < len(live) {
		allocate()
	}
	if !*cold {
		run.WarmUp(perSecond, nil, allocate)
	}
	run.Ready()
	run.Pace(perSecond, allocate)
}
