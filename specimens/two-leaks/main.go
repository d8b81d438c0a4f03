// Two-leaks forgets two things with each job: what a C library decoded, and a smaller record on Go's heap. The twin
// frees the one and drops the other.
package main

/*
#include <stdlib.h>
#include <string.h>

static void *decode(size_t bytes)
{
	void *decoded = malloc(bytes);
	if (decoded)
		memset(decoded, 1, bytes);
	return decoded;
}
*/
import "C"

import "example.org/specimens/internal/stage"

const (
	decodedBytes = 12 << 10
	recordBytes  = 4 << 10
	recent       = 256 // records that the twin keeps
)

var records [][]byte

func main() {
	run := stage.Open(100, "`JOBS` per second, 12 KiB of C memory and 4 KiB of Go's each")
	done := 0
	job := func() {
		decode(run)
		record := newRecord()
		if run.Twin && len(records) == recent {
			records[done%recent] = record
		} else {
			records = append(records, record)
		}
		done++
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, job)
	}
	run.Ready()
	run.Pace(run.Rate, job)
}

// decode is where native memory is allocated.
func decode(run *stage.Stage) {
	decoded := C.decode(decodedBytes)
	if decoded == nil {
		run.Fail("malloc has no memory")
	}
	if run.Twin {
		C.free(decoded)
	}
}

// newRecord is where Go's memory is allocated.
func newRecord() []byte {
	record := make([]byte, recordBytes)
	for at := range record {
		record[at] = 1
	}
	return record
}
