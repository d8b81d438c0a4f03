// A small server to take captures from: pprof, expvar and Prometheus text on one loopback port.
//
// It holds a few buffers of known sizes, parks goroutines in a known function, recurses, burns a little
// CPU, and then says READY ADDRESS on stdout. It ends when stdin is closed. With -dump DIR it writes its
// profiles in both forms, text and binary, from one moment, and ends.
package main

import (
	"bufio"
	_ "expvar"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"time"
)

type page struct{ body []byte }

var held []*page

//go:noinline
func keep(size int) *page { return &page{body: make([]byte, size)} }

func grow(count, size int) {
	for i := 0; i < count; i++ {
		held = append(held, keep(size))
	}
}

// recurse allocates at each depth, so that a function stands many times on one stack.
func recurse(depth int) int {
	if depth == 0 {
		return 0
	}
	held = append(held, keep(64<<10))
	return recurse(depth-1) + len(held)
}

func park(gate chan struct{}) { <-gate }

//go:noinline
func spin(until time.Time) (sum int) {
	for time.Now().Before(until) {
		for i := 0; i < 1e5; i++ {
			sum += i * sum
		}
	}
	return sum
}

func metrics(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, row := range []struct {
		name, kind string
		value      uint64
	}{
		{"go_goroutines", "gauge", uint64(runtime.NumGoroutine())},
		{"go_memstats_alloc_bytes", "gauge", m.Alloc},
		{"go_memstats_alloc_bytes_total", "counter", m.TotalAlloc},
		{"go_memstats_heap_idle_bytes", "gauge", m.HeapIdle},
		{"go_memstats_heap_inuse_bytes", "gauge", m.HeapInuse},
		{"go_memstats_heap_released_bytes", "gauge", m.HeapReleased},
		{"go_memstats_stack_inuse_bytes", "gauge", m.StackInuse},
		{"go_memstats_sys_bytes", "gauge", m.Sys},
	} {
		// client_golang prints floats in their shortest form, with an exponent from 1e+06 or so on.
		fmt.Fprintf(w, "# HELP %s Help text.\n# TYPE %s %s\n%s %v\n", row.name, row.name, row.kind, row.name, float64(row.value))
	}
	fmt.Fprintf(w, "# HELP go_info Information about the Go environment.\n# TYPE go_info gauge\ngo_info{version=%q} 1\n", runtime.Version())
}

func dump(dir string) error {
	debug.SetGCPercent(-1)
	cpu, err := os.Create(filepath.Join(dir, "cpu.pb.gz"))
	if err != nil {
		return err
	}
	pprof.StartCPUProfile(cpu)
	spin(time.Now().Add(300 * time.Millisecond))
	pprof.StopCPUProfile()
	cpu.Close()
	runtime.GC()
	for _, name := range []string{"heap", "allocs", "goroutine", "threadcreate"} {
		for level, ending := range []string{".pb.gz", ".txt"} {
			file, err := os.Create(filepath.Join(dir, name+ending))
			if err != nil {
				return err
			}
			pprof.Lookup(name).WriteTo(file, level)
			file.Close()
		}
	}
	return nil
}

func main() {
	dir := flag.String("dump", "", "write profiles into this folder and end")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	flag.Parse()
	grow(400, 32<<10)
	grow(20000, 100)
	recurse(50)
	gate := make(chan struct{})
	for i := 0; i < 7; i++ {
		go park(gate)
	}
	runtime.GC()
	if *dir != "" {
		if err := dump(*dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	http.HandleFunc("/metrics", metrics)
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	fmt.Println("READY", listener.Addr())
	io.Copy(io.Discard, bufio.NewReader(os.Stdin))
}
