package users

/*
#include <pwd.h>
#include <stdlib.h>
#include <sys/types.h>
*/
import "C"

import (
	"strings"
	"unsafe"
)

// IDs gives the ids of the users that exist.
func IDs(names []string) map[string]int {
	ids := make(map[string]int, len(names))
	for _, n := range names {
		c := C.CString(strings.TrimSpace(n))
		pw := C.getpwnam(c)
		if pw == nil {
			continue
		}
		ids[n] = int(pw.pw_uid)
		C.free(unsafe.Pointer(c))
	}
	return ids
}

func Home(name string) string {
	c := C.CString(name)
	defer func(p unsafe.Pointer) { C.free(p) }(unsafe.Pointer(c))
	if pw := C.getpwnam(c); pw != nil {
		return C.GoString(pw.pw_dir)
	}
	return ""
}
