package pgnotice

/*
#cgo CFLAGS: -I/usr/include/postgresql
#cgo LDFLAGS: -lpq
#include <stdint.h>
#include <stdlib.h>
#include <libpq-fe.h>

extern void noticeReceived(void *arg, char *message);

static void forward(void *arg, const char *message) {
	noticeReceived(arg, (char *)message);
}

static void listen_notices(PGconn *conn, uintptr_t handle) {
	PQsetNoticeProcessor(conn, forward, (void *)handle);
}
*/
import "C"

import (
	"errors"
	"runtime/cgo"
	"sync"
	"unsafe"
)

// Conn is a connection that collects the notices of the server.
type Conn struct {
	pg     *C.PGconn
	handle cgo.Handle

	mu      sync.Mutex
	notices []string
}

// Connect connects as the string says.
func Connect(info string) (*Conn, error) {
	cinfo := C.CString(info)
	defer C.free(unsafe.Pointer(cinfo))
	c := &Conn{pg: C.PQconnectdb(cinfo)}
	if C.PQstatus(c.pg) != C.CONNECTION_OK {
		err := errors.New(C.GoString(C.PQerrorMessage(c.pg)))
		C.PQfinish(c.pg)
		return nil, err
	}
	c.handle = cgo.NewHandle(c)
	C.listen_notices(c.pg, C.uintptr_t(c.handle))
	return c, nil
}

//export noticeReceived
func noticeReceived(arg unsafe.Pointer, message *C.char) {
	c := cgo.Handle(uintptr(arg)).Value().(*Conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notices = append(c.notices, C.GoString(message))
}

// Exec runs a query and returns what the server had to say.
func (c *Conn) Exec(query string) ([]string, error) {
	cquery := C.CString(query)
	defer C.free(unsafe.Pointer(cquery))
	res := C.PQexec(c.pg, cquery)
	defer C.PQclear(res)
	var err error
	if status := C.PQresultStatus(res); status != C.PGRES_COMMAND_OK && status != C.PGRES_TUPLES_OK {
		err = errors.New(C.GoString(C.PQresultErrorMessage(res)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.notices
	c.notices = nil
	return said, err
}

// Close hangs up.
func (c *Conn) Close() {
	if c.pg != nil {
		C.PQfinish(c.pg)
		c.pg = nil
	}
}
