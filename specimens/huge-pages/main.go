// Huge-pages once had many objects and now has one in every 64 KiB. Go has given the pages between them back, but
// the program asked for huge pages there (madvise(2), MADV_HUGEPAGE), and the kernel's khugepaged puts them
// together again, 2 MiB resident for each that has one page in use. The twin did not ask.
package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const (
	hugeBytes   = 2 * stage.MiB
	objectBytes = 8 << 10
	objects     = 192 * stage.MiB / objectBytes
	keepsOneIn  = 64
	advHugepage = 14 // linux/mman.h: MADV_HUGEPAGE
)

func main() {
	run := stage.Open(1, "not used: khugepaged's pace is the kernel's, /sys/kernel/mm/transparent_hugepage/khugepaged")
	if setting, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || bytes.Contains(setting, []byte("[never]")) {
		run.Fail("this kernel makes no huge pages: /sys/kernel/mm/transparent_hugepage/enabled")
	}
	live := make([]*[objectBytes]byte, objects)
	for at := range live {
		live[at] = new([objectBytes]byte)
		for page := 0; page < objectBytes; page += 4096 {
			live[at][page] = 1
		}
	}
	if !run.Twin {
		for block := range blocks(live) {
			_, _, failed := syscall.Syscall(syscall.SYS_MADVISE, block, hugeBytes, advHugepage)
			if failed != 0 {
				run.Fail("madvise(MADV_HUGEPAGE): %v", failed)
			}
		}
	}
	for at := range live {
		if at%keepsOneIn != 0 {
			live[at] = nil
		}
	}
	debug.FreeOSMemory()
	run.Ready()
	run.Pace(1, func() { runtime.KeepAlive(live) })
}

// blocks are the huge pages' places in which objects lie.
func blocks(objects []*[objectBytes]byte) map[uintptr]bool {
	seen := make(map[uintptr]bool)
	for _, object := range objects {
		seen[uintptr(unsafe.Pointer(object))/hugeBytes*hugeBytes] = true
	}
	return seen
}
