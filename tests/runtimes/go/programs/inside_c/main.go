// A library with a Go runtime inside, for a program that is not Go's.
package main

import "C"

//export count
func count() C.int {
	done := make(chan int)
	go func() { done <- 41 }()
	return C.int(1 + <-done)
}

func main() {}
