// Reservation-pile reserves address space and never touches it: VIRT climbs, and not a page is resident. The twin
// gives each reservation back.
package main

import (
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	reservedBytes = 16 * stage.MiB
	mostGiB       = 256
)

func main() {
	run := stage.Open(4, "`RESERVATIONS` of 16 MiB per second")
	total := 0
	step := func() {
		reserved, err := reserve()
		run.Must(err)
		if run.Twin {
			run.Must(syscall.Munmap(reserved))
			return
		}
		if total += len(reserved); total >= mostGiB<<30 {
			run.Fail("%d GiB are reserved", mostGiB)
		}
	}
	step()
	run.Ready()
	run.Pace(run.Rate, step)
}

func reserve() ([]byte, error) {
	return syscall.Mmap(-1, 0, reservedBytes, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
}
