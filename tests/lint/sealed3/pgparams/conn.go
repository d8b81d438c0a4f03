package pgparams

/*
#cgo CFLAGS: -I/usr/include/postgresql
#cgo LDFLAGS: -lpq
#include <stdlib.h>
#include <libpq-fe.h>
*/
import "C"

import (
	"errors"
	"strings"
	"unsafe"
)

// Conn is a connection to the server.
type Conn struct {
	pg *C.PGconn
}

// Connect connects as the string says.
func Connect(info string) (*Conn, error) {
	cinfo := C.CString(info)
	defer C.free(unsafe.Pointer(cinfo))
	pg := C.PQconnectdb(cinfo)
	c := &Conn{pg: pg}
	if C.PQstatus(pg) != C.CONNECTION_OK {
		err := c.lastError()
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) lastError() error {
	return errors.New(strings.TrimSpace(C.GoString(C.PQerrorMessage(c.pg))))
}

// Exec runs a query and returns how many rows it touched.
func (c *Conn) Exec(query string, args ...*string) (string, error) {
	cquery := C.CString(query)
	defer C.free(unsafe.Pointer(cquery))
	p := newParams(args)
	defer p.free()
	res := C.PQexecParams(c.pg, cquery, C.int(p.n), nil, p.values, nil, nil, 0)
	defer C.PQclear(res)
	switch C.PQresultStatus(res) {
	case C.PGRES_COMMAND_OK, C.PGRES_TUPLES_OK:
		return C.GoString(C.PQcmdTuples(res)), nil
	}
	return "", c.lastError()
}

// Close ends the connection.
func (c *Conn) Close() {
	if c.pg != nil {
		C.PQfinish(c.pg)
		c.pg = nil
	}
}
