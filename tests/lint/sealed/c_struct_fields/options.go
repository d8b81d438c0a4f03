package opts

/*
#include <stdlib.h>
#include <string.h>

typedef struct { char *user; char *host; int port; } options;

static int describe(const options *o, char **out) {
	size_t n = strlen(o->user) + strlen(o->host) + 2;
	*out = malloc(n);
	if (!*out) return -1;
	strcpy(*out, o->user); strcat(*out, "@"); strcat(*out, o->host);
	return 0;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

var ErrMemory = errors.New("opts: no memory")

func Describe(user, host string) (string, error) {
	var o C.options
	o.user = C.CString(user)
	o.host = C.CString(host)
	defer clear(&o)
	var out *C.char
	if C.describe(&o, &out) != 0 {
		return "", ErrMemory
	}
	defer func() { C.free(unsafe.Pointer(out)) }()
	return C.GoString(out), nil
}

func clear(o *C.options) {
	C.free(unsafe.Pointer(o.user))
	C.free(unsafe.Pointer(o.host))
	o.user, o.host = nil, nil
}

func Lengths(parts [][]byte) (n int) {
	var copies []unsafe.Pointer
	for _, p := range parts {
		copies = append(copies, C.CBytes(p))
		n += len(p)
	}
	for _, p := range copies {
		C.free(p)
	}
	return n
}
