// Limit-climb runs with GOGC=off under a memory limit: its heap climbs to the limit, collecting nothing, and stays
// there. The twin does the same work under Go's default and has its height at READY.
package main

import (
	"flag"
	"runtime/debug"

	"example.org/specimens/internal/stage"
)

const (
	limitMiB    = 160
	liveMiB     = 8
	objectBytes = 4 << 10
)

var live [liveMiB * stage.MiB / objectBytes][]byte

func main() {
	warm := flag.Bool("warm", false, "be ready at the limit, not before the climb")
	run := stage.Open(5, "`MIB` of garbage per second")
	at := 0
	allocate := func() {
		object := make([]byte, objectBytes)
		for byte := 0; byte < len(object); byte += 512 {
			object[byte] = 1
		}
		live[at%len(live)] = object
		at++
	}
	for at < len(live) {
		allocate()
	}
	if !run.Twin {
		debug.SetMemoryLimit(limitMiB * stage.MiB)
		debug.SetGCPercent(-1)
	}
	perSecond := run.Rate * stage.MiB / objectBytes
	if run.Twin || *warm {
		run.WarmUp(perSecond, nil, allocate)
	}
	run.Ready()
	run.Pace(perSecond, allocate)
}
