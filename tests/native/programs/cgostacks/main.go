// Cgostacks calls C in every way that a stack has to be followed through. Each line of its input is a number of rounds.
package main

/*
#include <stdlib.h>
#include "plain.h"
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"
)

//go:noinline
func keep(n int) { C.keep_bytes(C.size_t(n)) }

//export goVisit
func goVisit(n C.size_t) { keep(int(n)) }

//go:noinline
func descend(depth int) {
	if depth == 0 {
		keep(600)
		return
	}
	descend(depth - 1)
}

func plainWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i++ {
		keep(500)
	}
	done <- true
}

func deepWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i++ {
		descend(20)
	}
	done <- true
}

func callbackWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i++ {
		C.visit(700)
	}
	done <- true
}

func threadWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i += 300 { // as many visits as one thread makes
		C.visit_from_thread(800)
	}
	done <- true
}

type shared struct{ text string }

//go:noinline
func (s *shared) copy() { C.free(unsafe.Pointer(C.CString(s.text))) }

func textWork(rounds int, done chan bool) {
	s := &shared{strings.Repeat("x", 400)}
	for i := 0; i < rounds; i++ {
		s.copy()
	}
	done <- true
}

var works = []func(int, chan bool){plainWork, deepWork, callbackWork, threadWork, textWork}

func main() {
	fmt.Println("READY")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		rounds, _ := strconv.Atoi(lines.Text())
		done := make(chan bool)
		for _, work := range works {
			go work(rounds, done)
		}
		for range works {
			<-done
		}
		fmt.Println("DONE")
	}
}
