// Page-tables reads single bytes all over a huge mapping that was never written: each read maps the kernel's page
// of zeros, which is no resident memory, and needs a page table of 4 KiB, which is the kernel's. The twin reads
// as often, within 2 GiB, whose page tables are there at READY.
package main

import (
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	tableBytes  = 4 << 10
	spanBytes   = 2 << 20 // what one page table maps: 512 pages of 4 KiB
	spansInAGiB = 1 << 30 / spanBytes
	reservedGiB = 256
	twinsGiB    = 2
	noHugePages = 15 // MADV_NOHUGEPAGE (madvise(2)): with a huge page of zeros a byte would not need its table
	noReserve   = syscall.MAP_ANON | syscall.MAP_PRIVATE | syscall.MAP_NORESERVE
)

func main() {
	run := stage.Open(300, "`READS` per second")
	index, err := syscall.Mmap(-1, 0, reservedGiB<<30, syscall.PROT_READ, noReserve)
	run.Must(err)
	run.Must(syscall.Madvise(index, noHugePages))
	spans := reservedGiB * spansInAGiB
	if run.Twin {
		spans = twinsGiB * spansInAGiB
	}
	number, sum := 0, 0
	look := func() {
		sum += int(index[number%spans*spanBytes])
		number++
		if run.Twin {
			return
		}
		run.Outside(tableBytes)
		if number == spans {
			run.Fail("the mapping is read through")
		}
	}
	look()
	for run.Twin && number < spans {
		look()
	}
	run.Ready()
	run.Pace(run.Rate, look)
}
