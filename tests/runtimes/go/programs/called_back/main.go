// Goroutines that wait in Go, called by C, called by Go: what they hold stands on both parts of their stacks.
package main

/*
extern void wait(int);
static void through(int number) { wait(number); }
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

var (
	ready = make(chan struct{})
	never = make(chan struct{})
)

//go:noinline
func fresh() []byte { return make([]byte, 1024) }

//export wait
func wait(number C.int) {
	inner := fresh()
	ready <- struct{}{}
	<-never
	inner[int(number)%1024]++
	runtime.KeepAlive(inner)
}

//go:noinline
func call(number int) {
	outer := fresh()
	C.through(C.int(number))
	runtime.KeepAlive(outer)
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < count; i++ {
		go call(i)
		<-ready
	}
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
