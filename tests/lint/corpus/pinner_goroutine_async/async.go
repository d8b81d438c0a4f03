package async

/*
#include <stddef.h>

static int begin(void *p, size_t n) { return p && n ? 1 : 0; }
static int finished(int id) { return id; }
*/
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// Read lets C fill buf in the background; the channel says when it is done.
func Read(ctx context.Context, buf []byte) <-chan error {
	done := make(chan error, 1)
	pin := &runtime.Pinner{}
	pin.Pin(&buf[0])
	id := C.begin(unsafe.Pointer(&buf[0]), C.size_t(len(buf)))
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- ctx.Err()
				return
			case <-tick.C:
				if C.finished(id) != 0 {
					pin.Unpin()
					done <- nil
					return
				}
			}
		}
	}()
	return done
}
