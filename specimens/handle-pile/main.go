// Handle-pile leaves it to the collector to free handles of a C library, 64 KiB of C memory each. The Go heap is so
// small that no collection ever runs: Go forces one every two minutes only after a first has run (runtime/mgc.go,
// gcTrigger.test). The twin closes its handles.
package main

/*
#include <stdlib.h>
#include <string.h>

static void *new_image(size_t bytes)
{
	void *image = malloc(bytes);
	if (image)
		memset(image, 1, bytes);
	return image;
}
*/
import "C"

import (
	"runtime"
	"unsafe"

	"example.org/specimens/internal/stage"
)

const imageBytes = 64 << 10

func main() {
	run := stage.Open(24, "`HANDLES` per second")
	use := func() {
		image := openImage(run)
		if run.Twin {
			image.close()
		}
	}
	for range 100 {
		image := openImage(run)
		image.close()
	}
	run.Ready()
	run.Pace(run.Rate, use)
}

// An image is a handle: a few bytes for the collector, whatever it holds in C.
type image struct {
	memory  unsafe.Pointer
	cleanup runtime.Cleanup
}

func openImage(run *stage.Stage) *image {
	memory := C.new_image(imageBytes)
	if memory == nil {
		run.Fail("malloc has no memory")
	}
	opened := &image{memory: memory}
	opened.cleanup = runtime.AddCleanup(opened, func(memory unsafe.Pointer) { C.free(memory) }, memory)
	return opened
}

func (i *image) close() {
	i.cleanup.Stop()
	C.free(i.memory)
	i.memory = nil
}
