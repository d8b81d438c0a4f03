package syslog

/*
#include <stdlib.h>
#include <syslog.h>

static void put(int level, const char *text) { syslog(level, "%s", text); }
*/
import "C"

import "unsafe"

type Level int

const (
	Error Level = 3
	Info  Level = 6
)

// Write hands one line to the system's log.
func Write(l Level, text string) {
	C.put(C.int(l), C.CString(text))
}

// Open gives back its copy only after closelog.
func Open(name string) (closeLog func()) {
	c := C.CString(name)
	C.openlog(c, 0, C.LOG_USER)
	return func() {
		C.closelog()
		C.free(unsafe.Pointer(c))
	}
}
