// A heap of many kinds, and the truth about it. A command arrives on standard input, the answer leaves as bytes;
// answering allocates nothing, so that the numbers stay true until the next command.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

type node struct {
	next *node
	data [5]int
}

var (
	stats  runtime.MemStats
	nodes  *node
	blocks [][]byte
	big    []byte
	tiny   []*byte
	parked chan int
	sink   map[string]int
	one    [1]byte
	few    [300]*node
)

func grow(mb int) {
	for i := 0; i < mb*4096; i++ {
		nodes = &node{next: nodes}
	}
	for i := 0; i < mb*16; i++ {
		blocks = append(blocks, make([]byte, 3000+i%7000))
	}
	for i := 0; i < 1000; i++ {
		tiny = append(tiny, new(byte))
		sink["key "+strconv.Itoa(i)] = i
	}
	big = make([]byte, mb<<19)
	for i := range big {
		big[i] = 1
	}
}

func answer(p unsafe.Pointer, size uintptr) {
	raw := unsafe.Slice((*byte)(p), size)
	for len(raw) > 0 {
		n, err := syscall.Write(1, raw)
		if err != nil {
			os.Exit(3)
		}
		raw = raw[n:]
	}
}

func profile(debug int) {
	var buffer bytes.Buffer
	pprof.Lookup("heap").WriteTo(&buffer, debug)
	fmt.Printf("%d\n", buffer.Len())
	os.Stdout.Write(buffer.Bytes())
}

func busy(seed int) {
	keep := make([][]byte, 512)
	for i := seed; ; i++ {
		keep[i%512] = make([]byte, 16+i*131%4000)
		if i%1000 == 0 {
			runtime.Gosched()
		}
	}
}

// full takes some of a trace and then no more, so that the runtime has to keep the rest.
type full struct{ left int }

func (f *full) Write(raw []byte) (int, error) {
	if f.left -= len(raw); f.left < 0 {
		select {}
	}
	return len(raw), nil
}

func traced() {
	if trace.Start(&full{100 << 10}) != nil {
		os.Exit(4)
	}
	var talks sync.WaitGroup
	for i := 0; i < 50; i++ {
		talks.Add(1)
		go func() {
			said := make(chan int)
			go func() {
				for j := 0; j < 2000; j++ {
					said <- j
				}
				close(said)
			}()
			for range said {
			}
			talks.Done()
		}()
	}
	talks.Wait()
}

func main() {
	mb, _ := strconv.Atoi(os.Args[1])
	if len(os.Args) > 2 {
		runtime.MemProfileRate, _ = strconv.Atoi(os.Args[2])
	}
	sink = map[string]int{}
	parked = make(chan int)
	for i := 0; i < 50; i++ {
		go func() { <-parked }()
	}
	grow(mb)
	os.Stdout.Write([]byte("r"))
	for {
		if n, _ := syscall.Read(0, one[:]); n < 1 {
			return
		}
		switch one[0] {
		case 'm': // runtime.MemStats, and the number of goroutines in the end
			runtime.ReadMemStats(&stats)
			count := runtime.NumGoroutine()
			answer(unsafe.Pointer(&stats), unsafe.Sizeof(stats))
			answer(unsafe.Pointer(&count), 8)
		case 'h': // the heap profile as text, its length before it
			profile(1)
		case 'p': // and as a file
			profile(0)
		case 'g':
			runtime.GC()
			os.Stdout.Write([]byte("g"))
		case 'd': // drop half, collect, give nothing back
			nodes, big = nil, nil
			runtime.GC()
			runtime.GC()
			os.Stdout.Write([]byte("d"))
		case 'o':
			debug.SetGCPercent(-1)
			os.Stdout.Write([]byte("o"))
		case 'l':
			debug.SetMemoryLimit(int64(mb) << 20)
			os.Stdout.Write([]byte("l"))
		case 'a': // 300 objects of 48 bytes
			for i := 0; i < 300; i++ {
				few[i] = &node{}
			}
			os.Stdout.Write([]byte("a"))
		case 't': // an execution trace whose reader has stopped
			traced()
			os.Stdout.Write([]byte("t"))
		case 'b':
			for i := 0; i < 4; i++ {
				go busy(i * 7919)
			}
			os.Stdout.Write([]byte("b"))
		}
	}
}
