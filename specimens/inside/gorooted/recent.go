//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

// Kept is what cleanups hang on.
type Kept struct{ Number [4]int }

var (
	kept  []*Kept
	wisps []weak.Pointer[Kept]
)

// Hoard is held by a cleanup's function or argument.
type Hoard struct{ Body []byte }

// Trapped is captured by its own cleanup's function, behind one pointer more than the runtime looks.
type Trapped struct{ Body []byte }

type box struct{ inside *Trapped }

func sweep(hoard *Hoard) { hoard.Body = nil }

func recent(n int) {
	put("hoard", n, func(count int) {
		for i := 0; i < count; i++ {
			one := &Kept{}
			kept = append(kept, one)
			runtime.AddCleanup(one, sweep, &Hoard{Body: make([]byte, size)})
		}
	})
	put("trapped", n, func(count int) {
		for i := 0; i < count; i++ {
			held := &box{inside: &Trapped{Body: make([]byte, size)}}
			runtime.AddCleanup(held.inside, func(int) { held = nil }, 0)
		}
	})
	put("weak", n, func(count int) {
		for i := 0; i < count; i++ {
			wisps = append(wisps, weak.Make(kept[i]))
		}
	})
}
