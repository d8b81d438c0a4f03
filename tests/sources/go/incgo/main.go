// A program with goroutines that stand inside C calls: prints its goroutine profile, then READY, and ends when
// stdin is closed. The C function says through a pipe that it was entered, so that nothing has to wait by guess.
package main

/*
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int stay(int entered, int gate) {
	char byte = 1;
	if (write(entered, &byte, 1) != 1) return -1;
	return (int)read(gate, &byte, 1);
}
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"unsafe"
)

func hold(entered, gate *os.File) {
	text := C.CString("held")
	defer C.free(unsafe.Pointer(text))
	C.stay(C.int(entered.Fd()), C.int(gate.Fd()))
}

func main() {
	gate, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	seen, entered, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	for i := 0; i < 3; i++ {
		go hold(entered, gate)
	}
	if _, err := io.ReadFull(seen, make([]byte, 3)); err != nil {
		panic(err)
	}
	pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
