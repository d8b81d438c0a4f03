// Layers is a program whose memory is known: it prints where each thing of it lies, and Go's own count.
//
// Arguments: heap=MiB release=0|1 goroutines=N mmap=MiB threads=N blocks=N stacksize=KiB shared=MiB arena_free=0|1.
// It prints one line of JSON ({"memstats": …, "places": [{"address", "what"} …]}) and waits for end of input.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

type place struct {
	Address uintptr `json:"address"`
	What    string  `json:"what"`
}

var (
	keep    [][]byte
	written [3 * 4096]byte
	initial = [8192]byte{1}
	options = map[string]int{}
)

func onStack(done chan<- place, hold <-chan struct{}) {
	var local [16 << 10]byte
	local[0] = 1
	done <- place{uintptr(unsafe.Pointer(&local[0])), "go stack"}
	<-hold
	local[1]++
}

func mapped(bytes, flags int, what string) place {
	block, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, flags)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	return place{uintptr(unsafe.Pointer(&block[0])), what}
}

func main() {
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, "=")
		options[name], _ = strconv.Atoi(value)
	}
	var places []place
	for i := 0; i < options["heap"]; i++ {
		block := make([]byte, 1<<20)
		for j := 0; j < len(block); j += 4096 {
			block[j] = 1
		}
		keep = append(keep, block)
	}
	if options["release"] == 1 && len(keep) > 3 {
		for i := range keep {
			if i%3 != 0 {
				keep[i] = nil
			}
		}
		debug.FreeOSMemory()
	}
	if len(keep) > 0 {
		places = append(places, place{uintptr(unsafe.Pointer(&keep[0][0])), "go heap"})
		last := keep[(len(keep)-1)/3*3]
		places = append(places, place{uintptr(unsafe.Pointer(&last[0])), "go heap"})
	}
	small := new([64]byte)
	places = append(places, place{uintptr(unsafe.Pointer(small)), "go heap"})
	hold, done := make(chan struct{}), make(chan place)
	for i := 0; i < options["goroutines"]; i++ {
		go onStack(done, hold)
		if p := <-done; i%97 == 0 {
			places = append(places, p)
		}
	}
	written[0], written[4096] = 1, 1
	places = append(places, place{uintptr(unsafe.Pointer(&written[0])), "program data"})
	places = append(places, place{uintptr(unsafe.Pointer(&initial[0])), "program data"})
	if n := options["mmap"]; n > 0 {
		places = append(places, mapped(n<<20, syscall.MAP_PRIVATE|syscall.MAP_ANON, "mmap"))
	}
	if n := options["shared"]; n > 0 {
		places = append(places, mapped(n<<20, syscall.MAP_SHARED|syscall.MAP_ANON, "shared"))
	}
	places = append(places, native()...)
	runtime.GC()
	var memstats runtime.MemStats
	runtime.ReadMemStats(&memstats)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"memstats": memstats, "places": places})
	var one [1]byte
	_, _ = os.Stdin.Read(one[:])
	runtime.KeepAlive(small)
	close(hold)
}
