/* The half of the border of Go's heap that is about what stands in its objects. */
#include "retain_module.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLED_WORDS 7
#define LEAD_WORDS 7

/* (object, group, address, bytes, chance, pointers, row of its type) of each object that `retained` sampled. */
PyObject *retain_sampled(PyObject *self, PyObject *capsule)
{
    struct held *held = held_of(capsule);
    PyObject *out = NULL;

    (void)self;
    if (held != NULL && (out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)held->sample.count * SAMPLED_WORDS * 8)) != NULL) {
        char *into = PyBytes_AsString(out);
        for (size_t i = 0; i < held->sample.count; i++) {
            const struct gosampled *one = &held->sample.rows[i];
            const struct goheap_span *span = goheap_span_of(&held->heap, one->object);
            uint64_t address = span->start + (uint64_t)(one->object - span->first) * span->element;
            uint64_t row[SAMPLED_WORDS] = {one->object, one->group, address, span->element, one->chance, one->pointers,
                                           held->edges.types[one->object]};
            memcpy(into + sizeof row * i, row, sizeof row);
        }
    }
    return out;
}

/* The words that point to what was sampled. */
PyObject *retain_leads(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    Py_buffer resident;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &resident))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->has_edges || resident.len % 16))
        PyErr_SetString(PyExc_ValueError, "rows of two uint64, and of a heap that was read");
    else if (held != NULL) {
        struct goedges_way way = {.resident = resident.buf, .resident_count = (size_t)resident.len / 16};
        struct gosample_lead *leads = NULL;
        size_t count = 0;
        int bad;
        held->edges.way = &way;
        Py_BEGIN_ALLOW_THREADS
        bad = gosample_leads(&held->sample, &held->edges, &leads, &count);
        Py_END_ALLOW_THREADS
        held->edges.way = NULL;
        out = bad ? retain_failed(-1) : PyBytes_FromStringAndSize((const char *)leads, (Py_ssize_t)(count * LEAD_WORDS * 8));
        free(leads);
    }
    PyBuffer_Release(&resident);
    return out;
}
