// Segment-store appends records to segments of 8 MiB: files that it maps and writes to, and leaves mapped for
// reading. Its resident memory grows by file pages, which the kernel writes back and can drop. The twin recycles
// its segments, as write-ahead logs do.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	segmentBytes = 8 * stage.MiB
	recordBytes  = 4 << 10
	recycled     = 3 // segments of the twin
)

func main() {
	directory := flag.String("store", ".", "make the segments in `DIR`, which is not to be a tmpfs")
	run := stage.Open(384, "`RECORDS` of 4 KiB per second")
	var paths []string
	run.AtEnd(func() {
		for _, path := range paths {
			os.Remove(path)
		}
	})
	var segments [][]byte
	at := 0
	step := func() {
		number := at / segmentBytes
		if run.Twin {
			number %= recycled
		}
		if number == len(segments) {
			path := filepath.Join(*directory, fmt.Sprintf("segment-%d-%d.data", os.Getpid(), number))
			paths = append(paths, path)
			segment, err := mapSegment(path)
			run.Must(err)
			segments = append(segments, segment)
		}
		record(segments[number][at%segmentBytes:], at)
		at += recordBytes
	}
	step()
	for run.Twin && at < recycled*segmentBytes {
		step()
	}
	run.Ready()
	run.Pace(run.Rate, step)
}

func record(into []byte, number int) {
	for at := range into[:recordBytes] {
		into[at] = byte(number + at)
	}
}

// mapSegment is a new file, mapped; its descriptor is closed again.
func mapSegment(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(segmentBytes); err != nil {
		return nil, err
	}
	return syscall.Mmap(int(file.Fd()), 0, segmentBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}
