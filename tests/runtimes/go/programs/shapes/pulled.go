//go:build go1.23

package main

import "iter"

func init() { more = pulled }

// pulled leaves a coroutine behind that waits to be asked for its next value.
func pulled() {
	spawn(func() {
		next, _ := iter.Pull(func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
		})
		next()
		arrived.Done()
		<-never
		next()
	})
}
