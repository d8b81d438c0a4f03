// Cgo-strings tells a C library about each request in a dozen C strings, made at as many places, and frees none
// of them: a C string belongs to who made it (cmd/cgo). The twin frees each.
package main

/*
#include <stdlib.h>
#include <string.h>

// The library looks at what it is given and keeps nothing.
static size_t set_field(const char *name, const char *value) { return strlen(name) + strlen(value); }
*/
import "C"

import (
	"fmt"
	"unsafe"

	"example.org/specimens/internal/stage"
)

func main() {
	run := stage.Open(1200, "`REQUESTS` per second, of about 0.9 KiB in C strings")
	frees, count := true, 0
	step := func() {
		describe(&message{frees: frees}, count)
		count++
	}
	run.WarmUp(run.Rate, nil, step)
	frees = run.Twin
	run.Ready()
	run.Pace(run.Rate, step)
}

// A message is what the library is told about one request.
type message struct {
	frees  bool
	length C.size_t
}

func (m *message) set(name, value *C.char) {
	m.length += C.set_field(name, value)
	if m.frees {
		C.free(unsafe.Pointer(name))
		C.free(unsafe.Pointer(value))
	}
}

func describe(m *message, number int) {
	describeClient(m, number)
	describeRoute(m, number)
	describeAnswer(m, number)
}

func describeClient(m *message, number int) {
	m.set(C.CString("client.address"), C.CString(fmt.Sprintf("192.0.2.%d:%d", number%250, 1024+number%60000)))
	m.set(C.CString("client.agent"), C.CString(fmt.Sprintf("example-agent/%d.0 (compatible; build %d)", number%9, number)))
	m.set(C.CString("client.language"), C.CString("de-AT,de;q=0.9,en;q=0.7"))
	m.set(C.CString("client.session"), C.CString(fmt.Sprintf("%032x", number)))
}

func describeRoute(m *message, number int) {
	m.set(C.CString("route.method"), C.CString("GET"))
	m.set(C.CString("route.host"), C.CString(fmt.Sprintf("shop-%d.example.org", number%20)))
	m.set(C.CString("route.path"), C.CString(fmt.Sprintf("/articles/%08d/reviews?page=%d&order=newest", number, number%7)))
	m.set(C.CString("route.handler"), C.CString("reviews.list"))
}

func describeAnswer(m *message, number int) {
	m.set(C.CString("answer.status"), C.CString("200"))
	m.set(C.CString("answer.type"), C.CString("application/json; charset=utf-8"))
	m.set(C.CString("answer.tag"), C.CString(fmt.Sprintf("W/\"%016x\"", number)))
	m.set(C.CString("answer.length"), C.CString(fmt.Sprint(number%20000)))
}
