// Command grower allocates a little, logs runtime.MemStats in four dresses and writes a heap profile.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

var kept [][]byte

func fill(n int) {
	for range n {
		kept = append(kept, make([]byte, 64<<10))
		_ = strings.Repeat("x", 256<<10)
	}
}

func mib(b uint64) uint64 { return b / 1024 / 1024 }

func main() {
	plain, _ := os.Create("memstats-plain.log")
	pairs, _ := os.Create("memstats-pairs.log")
	for range 4 {
		fill(40)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintf(plain, "Alloc = %v MiB\tTotalAlloc = %v MiB\tSys = %v MiB\tNumGC = %v\n", mib(m.Alloc), mib(m.TotalAlloc), mib(m.Sys), m.NumGC)
		log.SetOutput(pairs)
		log.Printf("memory HeapAlloc=%d HeapIdle=%d HeapInuse=%d HeapReleased=%d Sys=%d Mallocs=%d Frees=%d goroutines=%d",
			m.HeapAlloc, m.HeapIdle, m.HeapInuse, m.HeapReleased, m.Sys, m.Mallocs, m.Frees, runtime.NumGoroutine())
		time.Sleep(1100 * time.Millisecond)
	}
	profile, _ := os.Create("heap.pb.gz")
	defer profile.Close()
	if err := pprof.WriteHeapProfile(profile); err != nil {
		log.Fatal(err)
	}
}
