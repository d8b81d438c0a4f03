/* What the two halves of the border of Go's heap share: the heap behind its capsule. */
#ifndef MEMWHY_RETAIN_MODULE_H
#define MEMWHY_RETAIN_MODULE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "gosample.h"

#define NAME "memwhy._core._retain.heap"

struct held {
    struct memory memory;
    Py_buffer segments;
    struct goheap heap;
    struct gotypes types;
    struct goedges edges;
    int is_read;   /* but pointers may still wait for a newer list of spans */
    int has_edges; /* nothing waits any more */
    struct goheap *first; /* as it was listed first, NULL when nothing moved since */
    uint8_t *born, *unread; /* a bit an object (gomoving_born), NULL when nothing moved */
    uint64_t born_bytes;
    uint32_t born_count, unread_count, lost_count; /* of what is reached */
    struct gosample sample;
};

/* What differs by version and by moment, as Python hands it in; goes with PyArg_ParseTuple's "(Ky*y*KKy*(KKKK))". */
struct retain_way {
    Py_buffer resident, arenas, itabs;
    unsigned long long tail, bitmap, no_more, types, types_end, text, text_end;
};

#define RETAIN_WAY(way)                                                                                                          \
    &(way).tail, &(way).resident, &(way).arenas, &(way).bitmap, &(way).no_more, &(way).itabs, &(way).types, &(way).types_end,     \
        &(way).text, &(way).text_end

/* Its rows for goedges_read, 0, or -1 with ValueError set. */
int retain_way(const struct retain_way *given, struct goedges_way *way);
void retain_way_release(struct retain_way *given);

struct retain_told {
    PyObject *progress; /* borrowed; NULL: none */
    PyThreadState *thread;
    uint64_t bytes;
};

/* A goedges_tick: every so many bytes signals are heeded, and progress is told. */
int retain_tick(void *context, uint64_t bytes);

/* The heap of a capsule, NULL with an error set where it is none. */
struct held *held_of(PyObject *capsule);

/* NULL, with the error set that a negative result stands for. */
PyObject *retain_failed(int bad);

PyObject *retain_spans(PyObject *self, PyObject *args);
PyObject *retain_touched(PyObject *self, PyObject *args);
PyObject *retain_renew(PyObject *self, PyObject *args);
PyObject *retain_finish(PyObject *self, PyObject *args);
PyObject *retain_moved(PyObject *self, PyObject *capsule);

/* How many of the objects that moved are reached. met: a bit an object. */
void retain_count_moved(struct held *held, const uint8_t *met);
static inline int retain_may_have_moved(const struct held *held)
{
    return held->born != NULL || held->edges.lost_count != 0;
}
void retain_forget_moved(struct held *held);

PyObject *retain_spread(PyObject *self, PyObject *args);
PyObject *retain_settle(PyObject *self, PyObject *capsule);
PyObject *retain_references(PyObject *self, PyObject *args);
PyObject *retain_uses(PyObject *self, PyObject *args);
PyObject *retain_type_rows(PyObject *self, PyObject *args);
PyObject *retain_type_at(PyObject *self, PyObject *args);
PyObject *retain_tell_type(PyObject *self, PyObject *args);
PyObject *retain_know_codes(PyObject *self, PyObject *args);
PyObject *retain_seed(PyObject *self, PyObject *args);
PyObject *retain_circles(PyObject *self, PyObject *args);
PyObject *retain_cut(PyObject *self, PyObject *args);

PyObject *retain_retained(PyObject *self, PyObject *args);
PyObject *retain_reached(PyObject *self, PyObject *args);
PyObject *retain_dominators_bytes(PyObject *self, PyObject *capsule);
PyObject *retain_counts(PyObject *self, PyObject *capsule);
PyObject *retain_limit(PyObject *self, PyObject *args);

PyObject *retain_sampled(PyObject *self, PyObject *capsule);
PyObject *retain_leads(PyObject *self, PyObject *args);

#endif
