// Handle-table adds records to the table inside a C library's handle. The table doubles by realloc(3) when it is
// full and is never emptied. The twin opens the handle with a bound: the table is full at READY and stays so.
package main

/*
#include <stdlib.h>
#include <string.h>

struct record { char name[48]; unsigned long seen; char note[72]; };

struct index {
	struct record *records;
	size_t count, room, bound, added;
};

static struct index *index_open(size_t bound)
{
	struct index *index = calloc(1, sizeof *index);
	if (index == NULL)
		abort();
	index->bound = bound;
	return index;
}

static struct record *index_slot(struct index *index)
{
	if (index->bound != 0 && index->count == index->bound)
		return &index->records[index->added % index->bound];
	if (index->count == index->room) {
		index->room = index->room ? 2 * index->room : 1024;
		index->records = realloc(index->records, index->room * sizeof *index->records);
		if (index->records == NULL)
			abort();
	}
	return &index->records[index->count++];
}

static size_t index_add(struct index *index, const char *name, size_t length)
{
	struct record *record = index_slot(index);
	memset(record, 0, sizeof *record);
	memcpy(record->name, name, length < sizeof record->name ? length : sizeof record->name);
	record->seen = index->added++;
	return index->count;
}
*/
import "C"

import (
	"fmt"
	"strconv"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const bound = 128 << 10 // records of 128 bytes: 16 MiB

func main() {
	run := stage.Open(12000, "`RECORDS` of 128 bytes per second")
	handle := C.index_open(0)
	if run.Twin {
		handle = C.index_open(bound)
	}
	number, records := 0, 0
	name := make([]byte, 0, 48) // used again, so that the Go side makes no garbage
	step := func() {
		name = strconv.AppendInt(append(name[:0], "article-"...), int64(number), 10)
		records = add(handle, name)
		number++
	}
	step()
	for run.Twin && number < bound {
		step()
	}
	run.Ready(fmt.Sprintf("records=%d", records))
	run.Pace(run.Rate, step)
}

func add(handle *C.struct_index, name []byte) int {
	return int(C.index_add(handle, (*C.char)(unsafe.Pointer(&name[0])), C.size_t(len(name))))
}
