/* What the two halves of the border of Go's heap share: the heap behind its capsule. */
#ifndef MEMWHY_RETAIN_MODULE_H
#define MEMWHY_RETAIN_MODULE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "goedges.h"

#define NAME "memwhy._core._retain.heap"

struct held {
    struct memory memory;
    Py_buffer segments;
    struct goheap heap;
    struct gotypes types;
    struct goedges edges;
    int has_edges;
};

/* The heap of a capsule, NULL with an error set where it is none. */
struct held *held_of(PyObject *capsule);

/* NULL, with the error set that a negative result stands for. */
PyObject *retain_failed(int bad);

PyObject *retain_spread(PyObject *self, PyObject *args);
PyObject *retain_settle(PyObject *self, PyObject *capsule);
PyObject *retain_type_rows(PyObject *self, PyObject *args);
PyObject *retain_type_at(PyObject *self, PyObject *args);
PyObject *retain_tell_type(PyObject *self, PyObject *args);
PyObject *retain_seed(PyObject *self, PyObject *args);

PyObject *retain_retained(PyObject *self, PyObject *args);
PyObject *retain_reached(PyObject *self, PyObject *args);

#endif
