// Package rowcb gives rows of SQLite to a function.
package rowcb

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>

extern int goRow(uintptr_t h, int n, char **values, char **names);

static int row(void *h, int n, char **values, char **names) { return goRow((uintptr_t)h, n, values, names); }

static int query(sqlite3 *db, const char *sql, uintptr_t h) {
	return sqlite3_exec(db, sql, row, (void *)h, NULL);
}
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"unsafe"
)

type DB struct{ p *C.sqlite3 }

type Row map[string]string

type visit func(Row) error

//export goRow
func goRow(h C.uintptr_t, n C.int, values, names **C.char) C.int {
	do := cgo.Handle(h).Value().(visit)
	row := make(Row, n)
	keys := unsafe.Slice(names, n)
	for i, v := range unsafe.Slice(values, n) {
		if v != nil {
			row[C.GoString(keys[i])] = C.GoString(v)
		}
	}
	if do(row) != nil {
		return 1
	}
	return 0
}

// Each calls do for each row of the answer.
func (d *DB) Each(sql string, do func(Row) error) error {
	q := C.CString(sql)
	defer C.free(unsafe.Pointer(q))
	if rc := C.query(d.p, q, C.uintptr_t(cgo.NewHandle(visit(do)))); rc != C.SQLITE_OK {
		return fmt.Errorf("rowcb: %s", C.GoString(C.sqlite3_errmsg(d.p)))
	}
	return nil
}
