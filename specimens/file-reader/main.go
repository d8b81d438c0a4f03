// File-reader maps a big file and reads through it, slowly: its resident memory grows by page cache that the
// kernel can drop at any time, and stops growing at the end of the file. The twin reads with pread(2).
package main

import (
	"flag"
	"os"
	"path/filepath"
	"syscall"

	"example.org/specimens/internal/stage"
)

const chunkBytes = 128 << 10

func main() {
	directory := flag.String("dir", os.TempDir(), "make the file in `DIR`, which is not to be a tmpfs")
	fileMiB := flag.Int("size", 256, "size of the file in `MIB`")
	run := stage.Open(2, "`MIB` per second")
	path := filepath.Join(*directory, "table.data")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	run.Must(err)
	run.AtEnd(func() { os.Remove(path) })
	run.Must(file.Truncate(int64(*fileMiB) * stage.MiB)) // a hole: read pages are page cache all the same
	size := *fileMiB * stage.MiB

	read := preader(run, file)
	if !run.Twin {
		read = mapped(run, file, size)
	}
	at := 0
	step := func() {
		read(at)
		at = (at + chunkBytes) % size
	}
	step()
	run.Ready()
	run.Pace(run.Rate*stage.MiB/chunkBytes, step)
}

func mapped(run *stage.Stage, file *os.File, size int) func(at int) {
	table, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	run.Must(err)
	sum := 0
	return func(at int) {
		for page := at; page < at+chunkBytes; page += 4096 {
			sum += int(table[page])
		}
		if sum != 0 {
			run.Fail("the hole in the file is not empty")
		}
	}
}

func preader(run *stage.Stage, file *os.File) func(at int) {
	chunk := make([]byte, chunkBytes)
	return func(at int) {
		_, err := file.ReadAt(chunk, int64(at))
		run.Must(err)
	}
}
