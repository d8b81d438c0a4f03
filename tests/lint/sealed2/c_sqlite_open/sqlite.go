// Package kv keeps keys and values in a file of SQLite.
package kv

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

type DB struct{ p *C.sqlite3 }

type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("sqlite: %s (%d)", e.Text, e.Code) }

func (d *DB) err(rc C.int) error {
	return &Error{int(rc), C.GoString(C.sqlite3_errmsg(d.p))}
}

// Open opens the file, or makes it.
func Open(path string) (*DB, error) {
	name := C.CString(path)
	var p *C.sqlite3
	rc := C.sqlite3_open_v2(name, &p, C.SQLITE_OPEN_READWRITE|C.SQLITE_OPEN_CREATE, nil)
	if rc != C.SQLITE_OK {
		err := (&DB{p}).err(rc)
		C.sqlite3_close_v2(p)
		return nil, err
	}
	C.free(unsafe.Pointer(name))
	d := &DB{p}
	if err := d.Exec("CREATE TABLE IF NOT EXISTS kv (k TEXT PRIMARY KEY, v BLOB)"); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *DB) Exec(query string) error {
	q := C.CString(query)
	defer C.free(unsafe.Pointer(q))
	if rc := C.sqlite3_exec(d.p, q, nil, nil, nil); rc != C.SQLITE_OK {
		return d.err(rc)
	}
	return nil
}

func (d *DB) Close() error {
	if rc := C.sqlite3_close_v2(d.p); rc != C.SQLITE_OK {
		return d.err(rc)
	}
	d.p = nil
	return nil
}
