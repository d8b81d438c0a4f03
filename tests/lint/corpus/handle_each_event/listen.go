package clisten

/*
#include <stdint.h>

typedef struct { uintptr_t user; int kind; } listener;
static listener slots[16];
static int used;
static int listen_on(int kind, uintptr_t user) {
	if (used == 16) return -1;
	slots[used].user = user; slots[used].kind = kind;
	return used++;
}
static void listen_off(int at) { slots[at].kind = -1; }
static uintptr_t listen_user(int at) { return slots[at].user; }
*/
import "C"

import (
	"errors"
	"runtime/cgo"
)

var ErrFull = errors.New("clisten: full")

type Listener struct {
	at int
}

// On calls f for events of a kind until Off.
func On(kind int, f func(int)) (*Listener, error) {
	at := C.listen_on(C.int(kind), C.uintptr_t(cgo.NewHandle(f)))
	if at < 0 {
		return nil, ErrFull
	}
	return &Listener{int(at)}, nil
}

func (l *Listener) Off() { C.listen_off(C.int(l.at)) }

func (l *Listener) Fire(n int) {
	cgo.Handle(C.listen_user(C.int(l.at))).Value().(func(int))(n)
}
