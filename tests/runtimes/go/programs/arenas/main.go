// Things in an arena that point into the heap, which nothing else holds. Needs GOEXPERIMENT=arenas.
package main

import (
	"arena"
	"fmt"
	"io"
	"os"
	"strconv"
)

type Thing struct {
	Number int
	Body   *[1024]byte
}

var (
	first  *Thing
	things []*Thing
)

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	held := arena.NewArena()
	things = arena.MakeSlice[*Thing](held, 0, count)
	for i := 0; i < count; i++ {
		one := arena.New[Thing](held)
		one.Number, one.Body = i, new([1024]byte)
		things = append(things, one)
	}
	first = things[0]
	fmt.Println("READY")
	io.Copy(io.Discard, os.Stdin)
}
