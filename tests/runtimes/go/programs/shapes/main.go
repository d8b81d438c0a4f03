// Command shapes holds goroutines of many shapes still and answers with its own pprof pages.
//
// It prints "ADDRESS PID GOROUTINES" when every goroutine is where it shall be, and ends when its standard input ends.
// Arguments: how many goroutines of one kind; then "unquiet" lets some run all the time, "calling" lets two call C again and again,
// "spinning" lets two share one processor that nothing in them gives up.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	never   = make(chan int)
	arrived sync.WaitGroup
	sink    atomic.Uint64
	more    = func() {}
)

type stack[T any] struct{ items []T }

func (s *stack[T]) hold(item T) {
	s.items = append(s.items, item)
	arrived.Done()
	<-never
	runtime.KeepAlive(s)
}

func generic[K comparable, V any](key K, value V) {
	held := map[K]V{key: value}
	arrived.Done()
	<-never
	runtime.KeepAlive(held)
}

type waiter interface{ wait(depth int) int }

type base struct{ name string }

// wait is promoted through embedding: a call through the interface passes a generated wrapper.
func (b base) wait(depth int) int {
	arrived.Done()
	return <-never + depth + len(b.name)
}

type middle struct{ base }
type outer struct{ *middle }

//go:noinline
func through(w waiter) int { return w.wait(3) }

func inlinedLeaf() int  { return <-never }
func inlinedTwice() int { return inlinedLeaf() + 1 }
func inlinedThrice() int {
	arrived.Done()
	return inlinedTwice() + 1
}

//go:noinline
func recursive(depth int) int {
	if depth == 0 {
		arrived.Done()
		return <-never
	}
	return recursive(depth-1) + 1
}

//go:noinline
func evenly(depth int, ballast [40]uint64) uint64 {
	if depth == 0 {
		arrived.Done()
		return uint64(<-never)
	}
	ballast[depth%40]++
	return oddly(depth-1, ballast) + ballast[0]
}

//go:noinline
func oddly(depth int, ballast [40]uint64) uint64 { return evenly(depth-1, ballast) }

//go:noinline
func panicking(kind int) {
	defer func() {
		if recover() != nil {
			arrived.Done()
			<-never
		}
	}()
	if kind == 0 {
		panic(errors.New("on purpose"))
	}
	var nothing *base
	fmt.Fprint(io.Discard, nothing.name)
}

//go:noinline
func recovered() {
	func() {
		defer func() { recover() }()
		panic("over")
	}()
	arrived.Done()
	<-never
}

func deferred() {
	for i := 0; i < 2; i++ {
		defer func(i int) {
			if i == 1 {
				arrived.Done()
				<-never
			}
		}(i)
	}
}

//go:noinline
func holder() func() {
	count := 0
	return func() {
		count++
		func() {
			arrived.Done()
			<-never
		}()
	}
}

func locks() {
	var mutex sync.Mutex
	var both sync.RWMutex
	mutex.Lock()
	both.Lock()
	spawn(func() { arrived.Done(); mutex.Lock() })
	spawn(func() { arrived.Done(); both.RLock() })
	spawn(func() { arrived.Done(); both.Lock() })
	condition := sync.NewCond(&sync.Mutex{})
	spawn(func() { condition.L.Lock(); arrived.Done(); condition.Wait() })
	var group sync.WaitGroup
	group.Add(1)
	spawn(func() { arrived.Done(); group.Wait() })
	var once sync.Once
	spawn(func() { once.Do(func() { arrived.Done(); <-never }) })
}

func channels() {
	var none chan int
	full := make(chan int)
	spawn(func() { arrived.Done(); full <- 1 })
	spawn(func() { arrived.Done(); <-none })
	spawn(func() { arrived.Done(); none <- 1 })
	spawn(func() { arrived.Done(); select {} })
	spawn(func() {
		arrived.Done()
		select {
		case <-never:
		case full <- 2:
		}
	})
	spawn(func() {
		arrived.Done()
		for range never {
			sink.Add(1)
		}
	})
	spawn(func() { arrived.Done(); time.Sleep(time.Hour) })
	spawn(func() {
		timer := time.NewTimer(time.Hour)
		arrived.Done()
		<-timer.C
	})
}

func files() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	spawn(func() { // a blocking read: the goroutine stays in the system call
		arrived.Done()
		var buffer [8]byte
		syscall.Read(pipe[0], buffer[:])
	})
	reader, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	spawn(func() { arrived.Done(); io.ReadAll(bufio.NewReader(reader)) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	spawn(func() { arrived.Done(); listener.Accept() })
	near, _ := net.Pipe()
	spawn(func() { arrived.Done(); near.Read(make([]byte, 1)) })
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	spawn(func() { arrived.Done(); client.Read(make([]byte, 1)) })
}

func spawn(work func()) {
	arrived.Add(1)
	go work()
}

func calls() {
	spawn(func() { (&stack[string]{}).hold("a") })
	spawn(func() { (&stack[struct{ a, b int }]{}).hold(struct{ a, b int }{}) })
	spawn(func() { generic("key", 1.5) })
	spawn(func() { through(outer{&middle{base{"x"}}}) })
	spawn(func() { through(middle{base{"y"}}) })
	spawn(func() { inlinedThrice() })
	spawn(func() { recursive(20) })
	spawn(func() { recursive(300) })
	spawn(func() { evenly(40, [40]uint64{}) })
	spawn(func() { panicking(0) })
	spawn(func() { panicking(1) })
	spawn(recovered)
	spawn(deferred)
	spawn(holder())
	spawn(func() { runtime.LockOSThread(); arrived.Done(); <-never })
	arrived.Add(1)
	go generic(1, "argument")
	bound := middle{base{"bound"}}
	method := bound.wait
	arrived.Add(1)
	go method(2)
	arrived.Add(1)
	go outer{&bound}.wait(1)
	strings.Map(func(r rune) rune {
		spawn(func() { arrived.Done(); <-never })
		return r
	}, "ab")
	arrived.Add(1)
	runtime.SetFinalizer(&base{"finalized"}, func(*base) { arrived.Done(); <-never })
	runtime.GC()
	time.AfterFunc(time.Hour, func() { sink.Add(1) })
}

//go:noinline
func one(of int) { arrived.Done(); sink.Add(uint64(<-never + of)) }

//go:noinline
func spins() {
	for turns := uint64(0); ; turns++ {
		if turns == 1<<62 {
			return
		}
	}
}

func runs() {
	for {
		sink.Add(1)
		done := make(chan bool)
		go func() { done <- true }()
		<-done
	}
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	calls()
	channels()
	locks()
	files()
	foreign()
	more()
	for i := 0; i < count; i++ {
		arrived.Add(1)
		go one(i)
	}
	arrived.Wait()
	for _, wish := range os.Args[2:] {
		switch wish {
		case "unquiet":
			go runs()
			go runs()
		case "spinning":
			runtime.GOMAXPROCS(1)
			go spins()
			go spins()
		case "calling":
			callForeign()
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/calls", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, runtime.NumCgoCall())
	})
	go http.Serve(listener, nil)
	runtime.GC()
	fmt.Println(listener.Addr().String(), os.Getpid(), runtime.NumGoroutine())
	io.Copy(io.Discard, os.Stdin)
}
