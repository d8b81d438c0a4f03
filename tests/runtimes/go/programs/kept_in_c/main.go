// A library whose Go heap grows below a program that is not Go's.
package main

import "C"

type Thing struct {
	Number int
	Body   []byte
}

var kept = map[int]*Thing{}

//export keep
func keep(count C.int) {
	for i := 0; i < int(count); i++ {
		kept[i] = &Thing{Number: i, Body: make([]byte, 1024)}
	}
}

func main() {}
