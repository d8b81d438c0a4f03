// Goheap is pure Go: a live heap, an idle one beside it, and goroutines that wait in every way there is.
//
// It builds with Go 1.19 and later, so that each version's runtime can be read with its own truth beside it.
package main

import (
	"flag"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"example.org/inside/answer"
)

const mib = 1 << 20

// An entry has pointers, a string and bytes, as caches have.
type entry struct {
	key   string
	value []byte
	next  *entry
}

var (
	cache  = map[int]*entry{}
	queue  = make(chan int)
	never  = make(chan struct{})
	mutex  sync.Mutex
	shared sync.RWMutex
	group  sync.WaitGroup
	cond   = sync.NewCond(&sync.Mutex{})
)

func main() {
	live := flag.Int("live", 200, "`MiB` that stay in use")
	idle := flag.Int("idle", 150, "`MiB` that were in use and are kept by the runtime")
	waiting := flag.Int("goroutines", 400, "how many goroutines wait")
	never := flag.Bool("no-collection", false, "let the collector never run")
	flag.Parse()
	if *never {
		debug.SetGCPercent(-1)
	} else {
		debug.SetGCPercent(400) // a goal far above: what is idle is kept, not given back
	}
	fill(*live)
	if *idle > 0 {
		waste(*idle)
	}
	if !*never {
		runtime.GC()
	}
	start(*waiting)
	answer.Ready(answer.Commands{"mutate": mutate, "truth": truth})
}

func truth(string) string { return fmt.Sprintf(`{"entries": %d}`, len(cache)) }

func fill(mebibytes int) {
	var last *entry
	for number := 0; number < mebibytes*mib/2048; number++ {
		last = &entry{fmt.Sprintf("customer %d", number), make([]byte, 1900), last}
		cache[number] = last
	}
}

//go:noinline
func waste(mebibytes int) {
	portions := make([][]byte, mebibytes)
	for number := range portions {
		portions[number] = make([]byte, mib)
		for at := 0; at < mib; at += 4096 {
			portions[number][at] = 1
		}
	}
}

// start leaves count goroutines waiting, in turn in each way, below a few calls of which some are inlined.
func start(count int) {
	mutex.Lock()
	shared.Lock()
	group.Add(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ways := []func(){
		receive, choose, lock, readLock, waitGroup, waitCond, sleep, send,
		func() { <-never },
	}
	if err == nil {
		ways = append(ways, func() { accept(listener) })
	}
	for number := 0; number < count; number++ {
		go below(number%5, ways[number%len(ways)])
	}
	for { // until all of them wait: no goroutine is runnable or running but this one
		time.Sleep(20 * time.Millisecond)
		if quiet() {
			return
		}
	}
}

func quiet() bool {
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+16)
	count, complete := runtime.GoroutineProfile(records)
	if !complete {
		return false
	}
	for _, record := range records[:count] {
		frames := runtime.CallersFrames(record.Stack())
		if first, _ := frames.Next(); first.Function == "runtime.goexit" || first.Function == "main.start.func1" {
			return false
		}
	}
	return true
}

//go:noinline
func below(depth int, wait func()) {
	if depth > 0 {
		below(depth-1, wait)
		return
	}
	wait()
}

func receive() { <-queue }
func send()    { queueOf(1) <- 1 }
func lock()    { mutex.Lock() }
func readLock() {
	shared.RLock()
}
func waitGroup() { group.Wait() }
func sleep()     { time.Sleep(10 * time.Hour) }

func choose() {
	select {
	case <-queue:
	case <-never:
	}
}

func waitCond() {
	cond.L.Lock()
	cond.Wait()
}

func accept(listener net.Listener) {
	if connection, err := listener.Accept(); err == nil {
		connection.Close()
	}
}

var filled = make(chan int)

func queueOf(int) chan int { return filled }

// mutate allocates and forgets for ever, on as many goroutines as the argument says.
func mutate(argument string) string {
	count := 2
	fmt.Sscan(argument, &count)
	for worker := 0; worker < count; worker++ {
		go func() {
			kept := make([][]byte, 2048)
			for round := 0; ; round++ {
				kept[round%len(kept)] = make([]byte, 64+round%4096)
				if round%1024 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	return "{}"
}
