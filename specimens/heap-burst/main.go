// Heap-burst once needed 192 MiB and needs 4 MiB now. It runs with GODEBUG=madvdontneed=0: pages that Go gives
// back stay resident until the kernel is short of memory (MADV_FREE). The twin, under Go's default, gives them
// back at once with debug.FreeOSMemory.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	objectBytes = 8 << 10
	burst       = 192 * stage.MiB / objectBytes
	kept        = 4 * stage.MiB / objectBytes
	lazily      = "madvdontneed=0"
)

func main() {
	run := stage.Open(2, "`MIB` of garbage per second")
	if setting := os.Getenv("GODEBUG"); !run.Twin && !strings.Contains(setting, lazily) {
		restart(run, strings.TrimPrefix(setting+","+lazily, ","))
	}
	live := make([][]byte, burst)
	at := 0
	allocate := func() {
		object := make([]byte, objectBytes)
		for byte := 0; byte < len(object); byte += 512 {
			object[byte] = 1
		}
		live[at%len(live)] = object
		at++
	}
	for at < burst {
		allocate()
	}
	live = append([][]byte(nil), live[:kept]...)
	if runtime.GC(); run.Twin {
		debug.FreeOSMemory()
	}
	perSecond := run.Rate * stage.MiB / objectBytes
	run.WarmUp(perSecond, nil, allocate)
	run.Ready()
	run.Pace(perSecond, allocate)
}

// restart becomes the same program under another GODEBUG, which the runtime reads at its start only.
func restart(run *stage.Stage, godebug string) {
	program, err := os.Executable()
	run.Must(err)
	run.Must(os.Setenv("GODEBUG", godebug))
	run.Must(syscall.Exec(program, os.Args, os.Environ()))
}
