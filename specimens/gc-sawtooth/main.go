// Gc-sawtooth makes garbage under a generous GOGC: its memory rises for seconds, falls, and rises again to
// the same height. The twin does the same work under Go's default.
package main

import (
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
	run.WarmUp(perSecond, func() bool { return at >= len(live) }, allocate)
	run.Ready()
	run.Pace(perSecond, allocate)
}
