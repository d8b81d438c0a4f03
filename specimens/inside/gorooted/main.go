// Gorooted fills its heap through roots that are no variables: finalizers, cleanups, timers, deferred calls, goroutines of one function.
//
// It builds with Go 1.21 and later; cleanups and weak pointers come with 1.24 (recent.go). Each plant says how much it made HeapAlloc grow.
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"example.org/inside/answer"
)

// Thing is what finalizers hang on; its body is reached by the thing alone.
type Thing struct {
	Body []byte
	Peer *Thing
}

// Selfish is held by its own finalizer's function.
type Selfish struct{ Body []byte }

// Queued waits for a finalizer that does not come.
type Queued struct{ Body []byte }

// Slow blocks the goroutine that runs finalizers.
type Slow struct{ Number [4]int }

// Beside is what a living thing's finalizer holds.
type Beside struct{ Body []byte }

const size = 1 << 10

var (
	ready  = make(chan struct{})
	never  = make(chan struct{})
	living []*Slow
	truths []string
)

func heapAlloc() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func put(root string, count int, fill func(int)) {
	before := heapAlloc()
	fill(count)
	truths = append(truths, fmt.Sprintf("%q: [%d, %d]", root, heapAlloc()-before, count))
}

func release(thing *Thing) { thing.Body = nil }

// circles are pairs of things that point to each other, with a finalizer on one of them.
func circles(count int) {
	for i := 0; i < count; i++ {
		thing := &Thing{Body: make([]byte, size)}
		thing.Peer = &Thing{Peer: thing}
		runtime.SetFinalizer(thing, release)
	}
}

// selfish things are captured by their own finalizers.
func selfish(count int) {
	for i := 0; i < count; i++ {
		thing := &Selfish{Body: make([]byte, size)}
		runtime.SetFinalizer(thing, func(*Selfish) { thing.Body = nil })
	}
}

// beside is memory that the finalizers of living things capture.
func beside(count int) {
	for i := 0; i < count; i++ {
		held, one := &Beside{Body: make([]byte, size)}, &Slow{}
		living = append(living, one)
		runtime.SetFinalizer(one, func(*Slow) { held.Body = nil })
	}
}

//go:noinline
func forget() { runtime.SetFinalizer(&Slow{}, block) }

func block(*Slow) {
	ready <- struct{}{}
	<-never
}

// queued things are due, but the goroutine that runs finalizers stands in block.
func queued(count int) {
	forget()
	for blocked := false; !blocked; {
		runtime.GC()
		select {
		case <-ready:
			blocked = true
		default:
			runtime.Gosched()
		}
	}
	for i := 0; i < count; i++ {
		runtime.SetFinalizer(&Queued{Body: make([]byte, size)}, func(*Queued) {})
	}
}

//go:noinline
func work(body []byte) func() { return func() { body[0]++ } }

func afterFunc(count int) {
	for i := 0; i < count; i++ {
		body := make([]byte, size)
		time.AfterFunc(time.Hour, func() { body[0]++ })
	}
}

// contexts end in an hour; nobody keeps them.
func contexts(count int) {
	for i := 0; i < count; i++ {
		kept, cancel := context.WithTimeout(context.Background(), time.Hour)
		_, _ = kept, cancel
	}
}

//go:noinline
func fresh() []byte { return make([]byte, size) }

//go:noinline
func wait(number int) {
	body := fresh()
	ready <- struct{}{}
	<-never
	body[number%size]++
}

func waiters(count int) {
	for i := 0; i < count; i++ {
		go wait(i)
		<-ready
	}
}

// deferred calls stand in records on the stack when there are too many of them for the compiler's other way.
//
//go:noinline
func postpone(number int) {
	if number > 0 {
		defer work(fresh())()
	}
	if number > 1 {
		defer work(fresh())()
	}
	if number > 2 {
		defer work(fresh())()
	}
	if number > 3 {
		defer work(fresh())()
	}
	if number > 4 {
		defer work(fresh())()
	}
	if number > 5 {
		defer work(fresh())()
	}
	if number > 6 {
		defer work(fresh())()
	}
	if number > 7 {
		defer work(fresh())()
	}
	if number > 8 {
		defer work(fresh())()
	}
	ready <- struct{}{}
	<-never
}

func postponed(count int) {
	for i := 0; i < count; i++ {
		go postpone(9)
		<-ready
	}
}

// looped calls are deferred in a loop: their records are in the heap.
//
//go:noinline
func loop(count int) {
	for i := 0; i < count; i++ {
		defer work(fresh())()
	}
	ready <- struct{}{}
	<-never
}

func looped(count int) {
	go loop(count)
	<-ready
}

func main() {
	scale := flag.Int("scale", 1, "thousands of objects of most plants")
	flag.Parse()
	n := *scale * 1000
	put("circle", n, circles)
	put("selfish", n, selfish)
	put("beside", n, beside)
	recent(n)
	put("timers", n, afterFunc)
	put("contexts", n, contexts)
	put("waiters", n, waiters)
	put("postponed", n/10, postponed)
	put("looped", n, looped)
	put("queued", n, queued)
	heapAlloc()
	answer.Ready(answer.Commands{"truth": func(string) string { return "{" + strings.Join(truths, ", ") + "}" }})
}
