// Does nothing until its input ends, with a few goroutines that wait.
package main

import (
	"io"
	"os"
	"strings"
)

type shop struct{ orders []string }

//go:noinline
func (s *shop) add(name string) int {
	s.orders = append(s.orders, strings.ToUpper(name))
	return len(s.orders)
}

func wait(gate chan int) { <-gate }

func main() {
	gate := make(chan int)
	for i := 0; i < 5; i++ {
		go wait(gate)
	}
	s := new(shop)
	if s.add("ready") == 1 {
		os.Stdout.WriteString(s.orders[0] + "\n")
	}
	io.Copy(io.Discard, os.Stdin)
}
