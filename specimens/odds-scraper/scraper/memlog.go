package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// logf writes one line in the text format of logrus, a much used logger.
func logf(level, format string, values ...any) {
	now := time.Now().UTC().Format(time.RFC3339)
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", now, level, fmt.Sprintf(format, values...))
}

// logMemory logs Go's view of its memory, as programs in trouble do. Its Malloc and Frees are
// what such logs often have under these names: counters of the logger's own, not MemStats.Mallocs.
func logMemory(every time.Duration) {
	mallocs, frees := 0, 0
	for range time.Tick(every) {
		mallocs, frees = mallocs+1, frees+1
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		logf("info", "****** MEMORY USAGE *******")
		logf("info", "Alloc = %d MiB", stats.Alloc>>20)
		logf("info", "HeapIdle = %d MiB", stats.HeapIdle>>20)
		logf("info", "HeapInuse = %d MiB", stats.HeapInuse>>20)
		logf("info", "HeapReleased = %d MiB", stats.HeapReleased>>20)
		logf("info", "Malloc = %d\n", mallocs)
		logf("info", "Frees = %d\n", frees)
		logf("info", "TotalAlloc = %d MiB", stats.TotalAlloc>>20)
		logf("info", "Sys = %d MiB", stats.Sys>>20)
		logf("info", "StackInUse = %d MiB", stats.StackInuse>>20)
		fmt.Fprintln(os.Stderr)
	}
}
