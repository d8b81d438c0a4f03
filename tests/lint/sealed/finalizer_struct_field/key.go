package ckey

/*
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned char *data; size_t n; } secret;

static secret *secret_new(const void *p, size_t n) {
	secret *s = malloc(sizeof *s);
	s->data = malloc(n); s->n = n;
	memcpy(s->data, p, n);
	return s;
}
static void secret_wipe(secret *s) { memset(s->data, 0, s->n); free(s->data); free(s); }
static int secret_eq(secret *a, secret *b) { return a->n == b->n && memcmp(a->data, b->data, a->n) == 0; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Key holds a secret outside the Go heap.
type Key struct {
	s *C.secret
}

func wipe(k *Key) {
	C.secret_wipe(k.s)
	k.s = nil
}

// NewKey copies raw.
func NewKey(raw []byte) *Key {
	k := new(Key)
	k.s = C.secret_new(unsafe.Pointer(unsafe.SliceData(raw)), C.size_t(len(raw)))
	runtime.SetFinalizer(k, wipe)
	return k
}

func (k *Key) Equal(o *Key) bool {
	eq := C.secret_eq(k.s, o.s) != 0
	runtime.KeepAlive(k)
	runtime.KeepAlive(o)
	return eq
}
