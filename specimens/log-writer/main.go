// Log-writer writes a log file for ever. Its pages are page cache: they count for the host and for the cgroup, in
// nobody's resident memory, and the kernel takes them back when it needs them. The twin rotates its log and keeps
// one old file.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.org/specimens/internal/stage"
)

const rotateAt = 4 * stage.MiB

func main() {
	directory := flag.String("logs", ".", "write the log in `DIR`, which is not to be a tmpfs")
	run := stage.Open(6000, "`LINES` of 256 bytes per second")
	path := filepath.Join(*directory, fmt.Sprintf("log-writer-%d.log", os.Getpid()))
	run.AtEnd(func() { os.Remove(path); os.Remove(path + ".1") })
	log, err := openLog(path)
	run.Must(err)
	written, count := 0, 0
	write := func() {
		length, err := log.WriteString(line(count))
		run.Must(err)
		count++
		written += length
		run.Outside(length)
		if run.Twin && written >= rotateAt {
			run.Must(log.Close())
			run.Must(os.Rename(path, path+".1"))
			log, err = openLog(path)
			run.Must(err)
			run.Outside(-written)
			written = 0
		}
	}
	run.WarmUp(run.Rate, nil, write)
	run.Ready("log=" + path)
	run.Pace(run.Rate, write)
}

func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

func line(number int) string {
	text := fmt.Sprintf("level=info request=%08d route=/articles status=200 ", number)
	return text + strings.Repeat("x", 255-len(text)) + "\n"
}
