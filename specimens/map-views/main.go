// Map-views maps a large sparse file anew for each reader that opens it, as embedded databases map their whole
// allowed size, and never reads a page: address space climbs, memory does not. The twin unmaps when a reader goes.
package main

import (
	"os"
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	viewBytes = 64 * stage.MiB
	mostGiB   = 256
)

func main() {
	run := stage.Open(1, "`VIEWS` of 64 MiB per second")
	file, err := os.CreateTemp("", "map-views-")
	run.Must(err)
	run.Must(os.Remove(file.Name())) // it lives as long as its descriptor
	run.Must(file.Truncate(viewBytes))
	total := 0
	step := func() {
		view, err := open(file)
		run.Must(err)
		if run.Twin {
			run.Must(syscall.Munmap(view))
			return
		}
		if total += len(view); total >= mostGiB<<30 {
			run.Fail("%d GiB are mapped", mostGiB)
		}
	}
	step()
	run.Ready()
	run.Pace(run.Rate, step)
}

func open(file *os.File) ([]byte, error) {
	return syscall.Mmap(int(file.Fd()), 0, viewBytes, syscall.PROT_READ, syscall.MAP_SHARED)
}
