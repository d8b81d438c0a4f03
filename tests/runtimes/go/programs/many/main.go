// As many goroutines of one function as it is told, each of which holds a kilobyte.
package main

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

func wait() {
	body := fresh()
	ready <- struct{}{}
	<-never
	runtime.KeepAlive(body)
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < count; i++ {
		go wait()
		<-ready
	}
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
