// Flate-churn makes a compressor and a decompressor for each page: a megabyte and more of garbage each time, and
// nothing that stays. The twin takes them from a sync.Pool.
package main

import (
	"bytes"
	"compress/flate"
	"io"
	"strconv"
	"sync"

	"example.org/specimens/internal/stage"
)

const pageBytes = 16 << 10

var (
	writers = sync.Pool{New: func() any { return newWriter() }}
	readers = sync.Pool{New: func() any { return flate.NewReader(nil) }}
)

func main() {
	run := stage.Open(25, "`PAGES` per second, there and back")
	number := 0
	send := func() {
		page := newPage(number)
		number++
		writer, reader := newWriter, func() io.ReadCloser { return flate.NewReader(nil) }
		if run.Twin {
			writer = func() *flate.Writer { return writers.Get().(*flate.Writer) }
			reader = func() io.ReadCloser { return readers.Get().(io.ReadCloser) }
		}
		w, r := writer(), reader()
		got, err := thereAndBack(w, r, page)
		run.Must(err)
		if !bytes.Equal(got, page) {
			run.Fail("page %d came back as another", number)
		}
		if run.Twin {
			writers.Put(w)
			readers.Put(r)
		}
	}
	run.WarmUp(run.Rate, nil, send)
	run.Ready()
	run.Pace(run.Rate, send)
}

func newWriter() *flate.Writer {
	writer, err := flate.NewWriter(nil, flate.BestCompression)
	if err != nil {
		panic(err) // the level is a constant that exists
	}
	return writer
}

func newPage(number int) []byte {
	var page bytes.Buffer
	for line := number; page.Len() < pageBytes; line++ {
		page.WriteString("odds of race " + strconv.Itoa(line*line) + "\n")
	}
	return page.Bytes()
}

func thereAndBack(writer *flate.Writer, reader io.ReadCloser, page []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer.Reset(&packed)
	if _, err := writer.Write(page); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if err := reader.(flate.Resetter).Reset(&packed, nil); err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
