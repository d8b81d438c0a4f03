// Mmap-pile maps anonymous memory itself, past Go's allocator and malloc, and never unmaps it. The twin does.
package main

import (
	"syscall"

	"example.org/specimens/internal/stage"
)

const blockBytes = 256 << 10

func main() {
	run := stage.Open(6, "`BLOCKS` of 256 KiB per second")
	step := func() {
		block, err := mapBlock()
		run.Must(err)
		if run.Twin {
			run.Must(syscall.Munmap(block))
		}
	}
	step()
	run.Ready()
	run.Pace(run.Rate, step)
}

// mapBlock is a fresh mapping with every page written to.
func mapBlock() ([]byte, error) {
	block, err := syscall.Mmap(-1, 0, blockBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for at := 0; at < len(block); at += 4096 {
		block[at] = 1
	}
	return block, nil
}
