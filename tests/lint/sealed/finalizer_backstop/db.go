package cdb

/*
#include <stdlib.h>

typedef struct { int fd; } db_t;
static db_t *db_open(int fd) { db_t *d = malloc(sizeof *d); d->fd = fd; return d; }
static void db_close(db_t *d) { free(d); }
*/
import "C"

import (
	"log"
	"runtime"
	"sync"
)

type DB struct {
	mu sync.Mutex
	c  *C.db_t
}

func Open(fd int) *DB {
	d := &DB{c: C.db_open(C.int(fd))}
	runtime.SetFinalizer(d, func(d *DB) {
		log.Print("cdb: a database was not closed")
		d.Close()
	})
	return d
}

func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c != nil {
		C.db_close(d.c)
		d.c = nil
		runtime.SetFinalizer(d, nil)
	}
	return nil
}
