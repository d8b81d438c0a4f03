// Cpp-objects asks a C++ library for baskets, objects with virtual functions, strings, a vector and a map, and
// deletes none of them. The twin deletes each.
package main

// #include "basket.h"
import "C"

import "example.org/specimens/internal/stage"

func main() {
	run := stage.Open(700, "`BASKETS` of about 2 KiB per second")
	number, sum := 0, 0
	step := func() {
		sum += price(number, run.Twin)
		number++
	}
	step()
	run.Ready()
	run.Pace(run.Rate, step)
}

func price(number int, deletes bool) int {
	basket := C.basket_new(C.ulong(number))
	total := C.basket_total(basket)
	if deletes {
		C.basket_delete(basket)
	}
	return int(total)
}
