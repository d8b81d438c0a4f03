// Shm-files spools into files in /dev/shm and keeps them all: memory that no process has mapped, and that stays
// when the process ends. The twin removes each file that is done.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.org/specimens/internal/stage"
)

const (
	spoolBytes = 4 * stage.MiB
	chunkBytes = 16 << 10
	prefix     = "/dev/shm/specimen-shm-files-"
)

func main() {
	run := stage.Open(96, "`CHUNKS` of 16 KiB per second")
	removeLeftOvers()
	directory := prefix + strconv.Itoa(os.Getpid())
	run.Must(os.Mkdir(directory, 0o700))
	run.AtEnd(func() { os.RemoveAll(directory) })
	var spool *os.File
	chunk := make([]byte, chunkBytes)
	written := 0
	write := func() {
		if spool == nil {
			path := filepath.Join(directory, fmt.Sprintf("spool-%d", written/spoolBytes))
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			run.Must(err)
			spool = file
		}
		_, err := spool.Write(chunk)
		run.Must(err)
		run.Outside(chunkBytes)
		if written += chunkBytes; written%spoolBytes == 0 {
			run.Must(spool.Close())
			if run.Twin {
				run.Must(os.Remove(spool.Name()))
				run.Outside(-spoolBytes)
			}
			spool = nil
		}
	}
	write()
	run.Ready("spools=" + directory)
	run.Pace(run.Rate, write)
}

// removeLeftOvers removes what runs that were killed have left: they could not do it themselves.
func removeLeftOvers() {
	left, _ := filepath.Glob(prefix + "*")
	for _, directory := range left {
		if _, err := os.Stat("/proc/" + strings.TrimPrefix(directory, prefix)); os.IsNotExist(err) {
			os.RemoveAll(directory)
		}
	}
}
