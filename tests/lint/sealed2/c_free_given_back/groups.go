// Package nss asks the system's databases.
package nss

/*
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

var ErrNone = errors.New("nss: no such entry")

func cstring(s string) (*C.char, func()) {
	p := C.CString(s)
	return p, func() { C.free(unsafe.Pointer(p)) }
}

// GroupID gives the number of a group.
func GroupID(name string) (int, error) {
	cname, free := cstring(name)
	defer free()
	size := C.size_t(1024)
	buf := C.malloc(size)
	defer func() { C.free(buf) }()
	for {
		var g C.struct_group
		var found *C.struct_group
		switch rc := C.getgrnam_r(cname, &g, (*C.char)(buf), size, &found); {
		case rc == C.ERANGE:
			size *= 2
			buf = C.realloc(buf, size)
			continue
		case rc != 0:
			return 0, fmt.Errorf("nss: %w", syscall.Errno(rc))
		case found == nil:
			return 0, fmt.Errorf("%w: %q", ErrNone, name)
		}
		return int(found.gr_gid), nil
	}
}

// Home gives the home of a user, or that of the fallback.
func Home(user, fallback string) (string, error) {
	first, freeFirst := cstring(user)
	defer freeFirst()
	second, freeSecond := cstring(fallback)
	defer freeSecond()
	for _, name := range []*C.char{first, second} {
		if p := C.getpwnam(name); p != nil {
			return C.GoString(p.pw_dir), nil
		}
	}
	return "", ErrNone
}
