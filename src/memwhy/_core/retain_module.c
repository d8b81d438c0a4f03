/* The Python border of goheap.c and goedges.c: one heap behind a capsule, rows of integers in, rows out. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "godwarf.h"
#include "retain_module.h"

#include <stdlib.h>
#include <string.h>

PyObject *retain_failed(int bad)
{
    if (bad == -1)
        PyErr_NoMemory();
    else if (bad < 0)
        PyErr_SetString(PyExc_ValueError, "spans are rows of eight uint64 in address order, and make sense");
    return NULL;
}

struct held *held_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, NAME);
}

static void let_go(struct held *held)
{
    gosample_close(&held->sample);
    goedges_close(&held->edges);
    retain_forget_moved(held);
    gotypes_close(&held->types);
    goheap_close(&held->heap);
    PyBuffer_Release(&held->segments);
    free(held);
}

static void forget(PyObject *capsule)
{
    struct held *held = held_of(capsule);

    if (held != NULL)
        let_go(held);
}

static PyObject *open_heap(PyObject *self, PyObject *args)
{
    struct held *held = calloc(1, sizeof *held);
    Py_buffer spans;
    int on_demand, program, bad;

    (void)self;
    if (held == NULL)
        return PyErr_NoMemory();
    if (!PyArg_ParseTuple(args, "(iiy*)y*ii", &held->memory.fd, &held->memory.pid, &held->segments, &spans, &on_demand, &program)) {
        free(held);
        return NULL;
    }
    held->memory.segments = held->segments.buf;
    held->memory.count = (size_t)held->segments.len / 24;
    bad = spans.len % (8 * GOHEAP_ROW) ? -2 : goheap_open(&held->heap, spans.buf, (size_t)spans.len / (8 * GOHEAP_ROW));
    if (!bad)
        bad = gotypes_open(&held->types, &held->memory, on_demand, program);
    if (!bad)
        bad = goedges_open(&held->edges, &held->heap, &held->types, &held->memory);
    PyBuffer_Release(&spans);
    if (bad) {
        let_go(held);
        return retain_failed(bad);
    }
    return PyCapsule_New(held, NAME, forget);
}

static PyObject *read_edges(PyObject *self, PyObject *args)
{
    PyObject *capsule, *progress;
    struct retain_way given;
    struct goedges_way way;
    struct retain_told told = {0};
    struct held *held;
    int more = 0, bad = 1;

    (void)self;
    if (!PyArg_ParseTuple(args, "O(Ky*y*KKy*(KKKK))O|p", &capsule, RETAIN_WAY(given), &progress, &more))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && held->is_read)
        PyErr_SetString(PyExc_ValueError, "a heap is read once");
    else if (held != NULL && retain_way(&given, &way) == 0) {
        told.progress = progress == Py_None ? NULL : progress;
        told.thread = PyEval_SaveThread();
        bad = goedges_read(&held->edges, &way, retain_tick, &told);
        if (!bad && !more)
            bad = goedges_wait_no_longer(&held->edges);
        PyEval_RestoreThread(told.thread);
        held->is_read = !bad;
        held->has_edges = !bad && !more;
        if (bad < 0)
            retain_failed(-1);
    }
    retain_way_release(&given);
    if (bad)
        return NULL;
    return Py_BuildValue("(IIKKKK)", held->heap.scanned, held->heap.objects, (unsigned long long)held->edges.count,
                         (unsigned long long)held->edges.read_bytes, (unsigned long long)held->edges.unresolved,
                         (unsigned long long)held->types.conservative);
}

/* (numbers, flags): of each word the object that it points into, and whether it points to its beginning. */
static PyObject *objects_at(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL, *flags = NULL;
    Py_buffer words;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &words))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (out = PyBytes_FromStringAndSize(NULL, words.len / 8 * 4)) != NULL &&
        (flags = PyBytes_FromStringAndSize(NULL, words.len / 8)) != NULL) {
        const uint8_t *from = words.buf;
        char *into = PyBytes_AsString(out), *begins = PyBytes_AsString(flags);
        for (Py_ssize_t i = 0; i < words.len / 8; i++) {
            uint64_t value;
            uint32_t object;
            memcpy(&value, from + 8 * i, sizeof value);
            object = goheap_find(&held->heap, value);
            if (object == GOHEAP_NONE && value != 0 && held->is_read && !held->has_edges)
                object = goedges_wait(&held->edges, value, 0);
            memcpy(into + 4 * i, &object, sizeof object);
            begins[i] = object < held->heap.objects && goheap_begins(&held->heap, object, value);
        }
    }
    PyBuffer_Release(&words);
    if (flags == NULL) {
        Py_XDECREF(out);
        return NULL;
    }
    return Py_BuildValue("(NN)", out, flags);
}

static PyObject *words_of(const struct godwarf_rows *rows)
{
    return PyBytes_FromStringAndSize((const char *)rows->words, (Py_ssize_t)(rows->count * sizeof *rows->words));
}

static struct godwarf_section section_of(const Py_buffer *buffer)
{
    return (struct godwarf_section){buffer->buf, (size_t)buffer->len};
}

static PyObject *dwarf(PyObject *self, PyObject *args)
{
    Py_buffer info, abbrev, addresses;
    struct godwarf found = {0};
    PyObject *out;
    int bad;

    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*", &info, &abbrev, &addresses))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    bad = godwarf_read(&found, section_of(&info), section_of(&abbrev), section_of(&addresses));
    Py_END_ALLOW_THREADS
    out = bad ? retain_failed(-1) : Py_BuildValue("(NN)", words_of(&found.variables), words_of(&found.functions));
    godwarf_close(&found);
    PyBuffer_Release(&info);
    PyBuffer_Release(&abbrev);
    PyBuffer_Release(&addresses);
    return out;
}

static PyMethodDef methods[] = {
    {"dwarf", dwarf, METH_VARARGS, NULL},
    {"spread", retain_spread, METH_VARARGS, NULL},
    {"references", retain_references, METH_VARARGS, NULL},
    {"uses", retain_uses, METH_VARARGS, NULL},
    {"settle", retain_settle, METH_O, NULL},
    {"type_rows", retain_type_rows, METH_VARARGS, NULL},
    {"type_at", retain_type_at, METH_VARARGS, NULL},
    {"tell_type", retain_tell_type, METH_VARARGS, NULL},
    {"know_codes", retain_know_codes, METH_VARARGS, NULL},
    {"seed", retain_seed, METH_VARARGS, NULL},
    {"retained", retain_retained, METH_VARARGS, NULL},
    {"sampled", retain_sampled, METH_O, NULL},
    {"leads", retain_leads, METH_VARARGS, NULL},
    {"reached", retain_reached, METH_VARARGS, NULL},
    {"circles", retain_circles, METH_VARARGS, NULL},
    {"cut", retain_cut, METH_VARARGS, NULL},
    {"dominators_bytes", retain_dominators_bytes, METH_O, NULL},
    {"counts", retain_counts, METH_O, NULL},
    {"limit", retain_limit, METH_VARARGS, NULL},
    {"open", open_heap, METH_VARARGS, NULL},
    {"spans", retain_spans, METH_VARARGS, NULL},
    {"touched", retain_touched, METH_VARARGS, NULL},
    {"renew", retain_renew, METH_VARARGS, NULL},
    {"finish", retain_finish, METH_VARARGS, NULL},
    {"moved", retain_moved, METH_O, NULL},
    {"read", read_edges, METH_VARARGS, NULL},
    {"objects_at", objects_at, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._retain", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__retain(void);

PyMODINIT_FUNC PyInit__retain(void)
{
    return PyModuleDef_Init(&module);
}
