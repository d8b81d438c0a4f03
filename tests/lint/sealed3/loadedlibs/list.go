package loadedlibs

/*
#cgo CFLAGS: -D_GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <stdlib.h>

extern int objectFound(char *name, uintptr_t base, int segments, uintptr_t handle);

static int each(struct dl_phdr_info *info, size_t size, void *data) {
	return objectFound((char *)info->dlpi_name, info->dlpi_addr, info->dlpi_phnum, (uintptr_t)data);
}

static int walk(uintptr_t handle) {
	return dl_iterate_phdr(each, (void *)handle);
}
*/
import "C"

import (
	"errors"
	"runtime/cgo"
	"strings"
)

// Object is a shared object that is loaded.
type Object struct {
	Name     string
	Base     uintptr
	Segments int
}

type visitor struct {
	visit func(Object) bool
}

//export objectFound
func objectFound(name *C.char, base C.uintptr_t, segments C.int, handle C.uintptr_t) C.int {
	v := cgo.Handle(handle).Value().(*visitor)
	if !v.visit(Object{Name: C.GoString(name), Base: uintptr(base), Segments: int(segments)}) {
		return 1
	}
	return 0
}

// Walk calls visit for every object until it returns false.
func Walk(visit func(Object) bool) {
	h := cgo.NewHandle(&visitor{visit: visit})
	defer h.Delete()
	C.walk(C.uintptr_t(h))
}

// ErrNone is returned when no such object is loaded.
var ErrNone = errors.New("object is not loaded")

// Find returns the first object whose name contains part.
func Find(part string) (found Object, err error) {
	err = ErrNone
	Walk(func(o Object) bool {
		if strings.Contains(o.Name, part) {
			found, err = o, nil
			return false
		}
		return true
	})
	return found, err
}

// Session keeps one visitor for many walks.
type Session struct {
	handle cgo.Handle
	Seen   []Object
}

// NewSession makes a session; Close ends it.
func NewSession() *Session {
	s := new(Session)
	s.handle = cgo.NewHandle(&visitor{visit: s.see})
	return s
}

func (s *Session) see(o Object) bool {
	s.Seen = append(s.Seen, o)
	return true
}

// Refresh walks again.
func (s *Session) Refresh() int {
	s.Seen = s.Seen[:0]
	C.walk(C.uintptr_t(s.handle))
	return len(s.Seen)
}

// New returns what do has loaded.
func New(do func()) []Object {
	s := NewSession()
	defer s.Close()
	before := s.Refresh()
	do()
	s.Refresh()
	return s.Seen[min(before, len(s.Seen)):]
}

// Close ends the session.
func (s *Session) Close() {
	if s.handle != 0 {
		s.handle.Delete()
		s.handle = 0
	}
}
