// Goshared is Go inside somebody else's program: a C thread calls Go, which calls C; and a goroutine of its own does.
package main

/*
#include <stdlib.h>
#include <string.h>

static char *volatile last;
static void keep(size_t n)
{
	char *kept = malloc(n);
	memset(kept, 1, n);
	last = kept;
}
*/
import "C"

//go:noinline
func keep(n int) { C.keep(C.size_t(n)) }

func ownWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i++ {
		keep(900)
	}
	done <- true
}

//export Work
func Work(rounds C.int) {
	for i := 0; i < int(rounds); i++ {
		keep(1000)
	}
	done := make(chan bool)
	go ownWork(int(rounds), done)
	<-done
}

func main() {}
