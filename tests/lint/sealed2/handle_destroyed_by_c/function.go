// Package sqlfunc adds functions to SQLite.
package sqlfunc

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>

extern void goCall(uintptr_t h, sqlite3_context *ctx, char *text);
extern void goDestroy(uintptr_t h);

static void call(sqlite3_context *ctx, int n, sqlite3_value **v) {
	goCall((uintptr_t)sqlite3_user_data(ctx), ctx, (char *)sqlite3_value_text(v[0]));
}

static void destroy(void *h) { goDestroy((uintptr_t)h); }

static int define(sqlite3 *db, const char *name, uintptr_t h) {
	return sqlite3_create_function_v2(db, name, 1, SQLITE_UTF8, (void *)h, call, NULL, NULL, destroy);
}

static void answer(sqlite3_context *ctx, sqlite3_int64 n) { sqlite3_result_int64(ctx, n); }
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"unsafe"
)

type DB struct{ p *C.sqlite3 }

// Func gives a number for a text.
type Func func(string) int64

//export goCall
func goCall(h C.uintptr_t, ctx *C.sqlite3_context, text *C.char) {
	f := cgo.Handle(h).Value().(Func)
	C.answer(ctx, C.sqlite3_int64(f(C.GoString(text))))
}

//export goDestroy
func goDestroy(h C.uintptr_t) {
	cgo.Handle(h).Delete()
}

// Define makes f known under a name until the database is closed.
func (d *DB) Define(name string, f Func) error {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	h := cgo.NewHandle(f)
	if rc := C.define(d.p, n, C.uintptr_t(h)); rc != C.SQLITE_OK {
		return fmt.Errorf("sqlfunc: %s: %d", name, rc)
	}
	return nil
}
