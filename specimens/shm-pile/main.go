// Shm-pile makes shared memory segments (memfd_create(2)), closes their descriptors and forgets the mappings.
// The twin unmaps them.
package main

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const segmentBytes = 256 << 10

func main() {
	run := stage.Open(6, "`SEGMENTS` of 256 KiB per second")
	step := func() {
		segment, err := mapSegment()
		run.Must(err)
		if run.Twin {
			run.Must(syscall.Munmap(segment))
		}
	}
	step()
	run.Ready()
	run.Pace(run.Rate, step)
}

// mapSegment is a fresh shared segment with every page written to.
func mapSegment() ([]byte, error) {
	file, err := create()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(segmentBytes); err != nil {
		return nil, err
	}
	segment, err := syscall.Mmap(int(file.Fd()), 0, segmentBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	for at := 0; at < len(segment); at += 4096 {
		segment[at] = 1
	}
	return segment, nil
}

// create makes a file in memory that no directory names. The package syscall has no name for
// memfd_create, whose number differs by architecture (asm/unistd_64.h, asm-generic/unistd.h).
func create() (*os.File, error) {
	number, known := map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]
	if known {
		name := []byte("specimen\x00")
		descriptor, _, errno := syscall.Syscall(number, uintptr(unsafe.Pointer(&name[0])), 0, 0)
		if errno != 0 {
			return nil, os.NewSyscallError("memfd_create", errno)
		}
		return os.NewFile(descriptor, "memfd:specimen"), nil
	}
	file, err := os.CreateTemp("/dev/shm", "specimen")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
