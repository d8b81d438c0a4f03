// Huge-pages once had many objects and now has one in every 512 KiB. Go has given the pages between them back, and
// the program has the kernel put huge pages together there, one after the other (madvise(2), MADV_COLLAPSE, from
// Linux 6.1): 2 MiB resident for each that has one page in use. The twin reads its objects.
package main

import (
	"maps"
	"runtime/debug"
	"slices"
	"syscall"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const (
	hugeBytes   = 2 * stage.MiB
	objectBytes = 8 << 10
	objects     = 192 * stage.MiB / objectBytes
	keepsOneIn  = 64
	advCollapse = 25 // linux/mman.h: MADV_COLLAPSE
)

func main() {
	run := stage.Open(0.75, "`HUGE` pages per second, until the 192 MiB that there were")
	live := make([]*[objectBytes]byte, objects)
	for at := range live {
		live[at] = new([objectBytes]byte)
		for page := 0; page < objectBytes; page += 4096 {
			live[at][page] = 1
		}
	}
	places := blocks(live)
	for at := range live {
		if at%keepsOneIn != 0 {
			live[at] = nil
		}
	}
	debug.FreeOSMemory()
	step, sum := 0, 0
	next := func() {
		if !run.Twin {
			collapse(run, places[step%len(places)])
		}
		sum += int(live[step*keepsOneIn%len(live)][0])
		step++
	}
	next()
	run.Ready()
	run.Pace(run.Rate, next)
}

// blocks are the huge pages' places in which objects lie, lowest first.
func blocks(objects []*[objectBytes]byte) []uintptr {
	seen := make(map[uintptr]bool)
	for _, object := range objects {
		seen[uintptr(unsafe.Pointer(object))/hugeBytes*hugeBytes] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// collapse makes one place a huge page. What the kernel cannot do just now it leaves as it is.
func collapse(run *stage.Stage, place uintptr) {
	_, _, failed := syscall.Syscall(syscall.SYS_MADVISE, place, hugeBytes, advCollapse)
	switch failed {
	case 0, syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
	default:
		run.Fail("madvise(MADV_COLLAPSE): %v: this kernel makes no huge pages", failed)
	}
}
