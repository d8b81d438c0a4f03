// Package mime asks libmagic what a file is.
package mime

/*
#cgo LDFLAGS: -lmagic
#include <magic.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"strings"
	"sync"
)

// Detector is for one goroutine at a time inside: libmagic is not safe for more.
type Detector struct {
	mu     sync.Mutex
	cookie C.magic_t
}

func NewDetector() (*Detector, error) {
	cookie := C.magic_open(C.MAGIC_MIME)
	if cookie == nil {
		return nil, errors.New("mime: magic_open")
	}
	d := &Detector{cookie: cookie}
	if C.magic_load(cookie, nil) != 0 {
		err := d.err()
		C.magic_close(cookie)
		return nil, err
	}
	return d, nil
}

func (d *Detector) err() error { return errors.New("mime: " + C.GoString(C.magic_error(d.cookie))) }

// File gives the type and the character set, if there is one.
func (d *Detector) File(path string) (kind, charset string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := C.magic_file(d.cookie, C.CString(path))
	if text == nil {
		return "", "", d.err()
	}
	kind, rest, _ := strings.Cut(C.GoString(text), ";")
	_, charset, _ = strings.Cut(rest, "charset=")
	return kind, charset, nil
}

func (d *Detector) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	C.magic_close(d.cookie)
}
