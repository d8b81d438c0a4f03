package cobj

/*
#include <stdlib.h>

typedef struct { int refs; int value; } obj;

static obj *obj_new(int v) { obj *o = malloc(sizeof *o); o->refs = 1; o->value = v; return o; }
static void obj_ref(obj *o) { o->refs++; }
static void obj_unref(obj *o) { if (--o->refs == 0) free(o); }
static int obj_value(obj *o) { return o->value; }
*/
import "C"

// Object counts its owners.
type Object struct{ c *C.obj }

func New(v int) *Object { return &Object{C.obj_new(C.int(v))} }

func (o *Object) Ref() *Object {
	C.obj_ref(o.c)
	return o
}

func (o *Object) Unref() { C.obj_unref(o.c) }

func (o *Object) Value() int { return int(C.obj_value(o.c)) }
