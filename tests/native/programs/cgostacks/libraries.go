//go:build !nolibraries

package main

/*
#cgo pkg-config: libxml-2.0
#cgo LDFLAGS: -lsqlite3 -lstdc++
#include <stdlib.h>
#include <libxml/parser.h>
#include <sqlite3.h>
#include "shop.h"

static sqlite3 *open_db(void) { sqlite3 *db; return sqlite3_open(":memory:", &db) ? 0 : db; }
static int exec_db(sqlite3 *db, const char *query) { return sqlite3_exec(db, query, 0, 0, 0); }
*/
import "C"

import "unsafe"

const document = `<order><line x="1">text</line><note><p/><p/><p>more text, and &amp; more of it</p></note></order>`

var (
	bytes = C.CString(document)
	query = C.CString("create table if not exists t(a, b); insert into t values (1, randomblob(300));")
)

//go:noinline
func parse() *C.xmlDoc { return C.xmlReadMemory(bytes, C.int(len(document)), nil, nil, 0) }

func xmlWork(rounds int, done chan bool) {
	for i := 0; i < rounds; i++ {
		doc := parse()
		if i%2 == 0 {
			C.xmlFreeDoc(doc)
		}
	}
	done <- true
}

//go:noinline
func insert(db *C.sqlite3) { C.exec_db(db, query) }

func sqlWork(rounds int, done chan bool) {
	db := C.open_db()
	for i := 0; i < rounds; i++ {
		insert(db)
	}
	done <- true
}

//go:noinline
func sell(shop unsafe.Pointer, item int) { C.shop_sell(shop, C.int(item)) }

func cxxWork(rounds int, done chan bool) {
	shop := C.shop_open()
	for i := 0; i < rounds; i++ {
		sell(shop, i)
	}
	done <- true
}

func init() { works = append(works, xmlWork, sqlWork, cxxWork) }
