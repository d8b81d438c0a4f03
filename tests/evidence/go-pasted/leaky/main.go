// Command leaky keeps memory, goroutines, files and half-closed connections, a few more every round.
//
// usage: leaky ROUNDS PAUSE [DIR]; after the last round it writes its profiles to DIR, says "ready" and waits for a signal.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

var (
	kept   [][]byte
	files  []*os.File
	conns  []net.Conn
	gate   sync.Mutex
	never  = make(chan int)
	images = pprof.NewProfile("leaky/image.Handle")
)

func fill(n int) {
	for i := 0; i < n; i++ {
		kept = append(kept, make([]byte, 64<<10))
		_ = make([]byte, 256<<10)
	}
}

func wait() { <-never }

func serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		conn.Close() // the other side stays in CLOSE_WAIT
	}
}

func open(address string) {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conns = append(conns, conn)
	}
	file, err := os.Open(os.DevNull)
	if err == nil {
		files = append(files, file)
	}
	images.Add(new(int), 0)
}

func read(conn net.Conn) { io.Copy(io.Discard, conn) }

func heap(dir, name string) {
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return
	}
	defer file.Close()
	pprof.WriteHeapProfile(file)
}

func write(dir, profile, name string, level int) {
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return
	}
	defer file.Close()
	pprof.Lookup(profile).WriteTo(file, level)
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	pause, _ := time.ParseDuration(os.Args[2])
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go serve(listener)
	gate.Lock()
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	for i := 0; i < rounds; i++ {
		if len(os.Args) > 3 && i == rounds/2 {
			runtime.GC()
			heap(os.Args[3], "first.pb.gz")
		}
		fill(40)
		for j := 0; j < 3; j++ {
			open(listener.Addr().String())
			go wait()
			go func() { gate.Lock() }()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		logger.Info("memory", "HeapAlloc", m.HeapAlloc, "HeapIdle", m.HeapIdle, "HeapReleased", m.HeapReleased, "Sys", m.Sys, "NumGoroutine", runtime.NumGoroutine())
		time.Sleep(pause)
		if i == rounds/2 {
			debug.FreeOSMemory()
		}
	}
	runtime.GC()
	if len(os.Args) > 3 {
		dir := os.Args[3]
		heap(dir, "last.pb.gz")
		write(dir, "goroutine", "goroutine-2.txt", 2)
		write(dir, "goroutine", "goroutine-1.txt", 1)
		write(dir, "leaky/image.Handle", "custom.txt", 1)
		write(dir, "heap", "heap-1.txt", 1)
	}
	fmt.Println("ready", len(kept), len(files), len(conns))
	select {}
}
