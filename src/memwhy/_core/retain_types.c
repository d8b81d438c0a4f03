/* The half of the border of Go's heap that is about types. */
#include "retain_module.h"

#include "gocode.h"
#include "gospread.h"

#include <stdlib.h>
#include <string.h>

PyObject *retain_spread(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "O", &capsule))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && !held->has_edges)
        PyErr_SetString(PyExc_ValueError, "the heap was not read yet");
    else if (held != NULL && (out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)held->types.count)) != NULL) {
        uint8_t *wanted = (uint8_t *)PyBytes_AsString(out);
        int bad;
        memset(wanted, 0, held->types.count);
        Py_BEGIN_ALLOW_THREADS
        bad = gospread(&held->edges, wanted);
        Py_END_ALLOW_THREADS
        if (bad) {
            Py_DECREF(out);
            return retain_failed(-1);
        }
    }
    return out;
}

/* (address, size, kind) of rows of types from one number on. */
PyObject *retain_type_rows(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    unsigned int first;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "OI", &capsule, &first))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && first <= held->types.count &&
        (out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(held->types.count - first) * 24)) != NULL) {
        char *into = PyBytes_AsString(out);
        for (uint32_t i = first; i < held->types.count; i++, into += 24) {
            uint64_t row[3] = {held->types.rows[i].address, held->types.rows[i].size, held->types.rows[i].kind};
            memcpy(into, row, sizeof row);
        }
    }
    return out;
}

PyObject *retain_type_at(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    unsigned long long address, size;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "OKK", &capsule, &address, &size))
        return NULL;
    held = held_of(capsule);
    if (held == NULL)
        return NULL;
    return PyLong_FromUnsignedLong(size ? gotypes_made(&held->types, address, size) : gotypes_find(&held->types, address));
}

PyObject *retain_tell_type(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    unsigned int row, with, without;
    unsigned long long bytes, either_bytes;
    Py_buffer words;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "OIKy*IIK", &capsule, &row, &bytes, &words, &with, &without, &either_bytes))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && row > 0 && row < held->types.count && with < held->types.count && without < held->types.count) {
        struct gotype *type = &held->types.rows[row];
        size_t size = (size_t)(bytes / 8 + 1) * sizeof *type->words_to;
        type->size = bytes;
        free(type->words_to);
        type->followed = 0;
        type->words_to = calloc(1, size);
        if (type->words_to != NULL)
            memcpy(type->words_to, words.buf, (size_t)words.len < size ? (size_t)words.len : size);
        type->either[0] = (uint16_t)with;
        type->either[1] = (uint16_t)without;
        type->either_bytes = either_bytes;
    }
    PyBuffer_Release(&words);
    if (held == NULL)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *retain_seed(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    Py_buffer rows;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &rows))
        return NULL;
    held = held_of(capsule);
    for (Py_ssize_t i = 0; held != NULL && held->has_edges && i + 8 <= rows.len; i += 8) {
        uint32_t row[2];
        memcpy(row, (const char *)rows.buf + i, sizeof row);
        gospread_seed(&held->edges, row[0], row[1]);
    }
    PyBuffer_Release(&rows);
    if (held == NULL)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *retain_settle(PyObject *self, PyObject *capsule)
{
    struct held *held = held_of(capsule);

    (void)self;
    if (held == NULL)
        return NULL;
    if (held->has_edges) {
        Py_BEGIN_ALLOW_THREADS
        gospread_settle(&held->edges);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

struct rows {
    uint64_t *words;
    size_t count, room;
};

static int add_row(void *context, uint64_t place, uint64_t target)
{
    struct rows *rows = context;

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 512;
        uint64_t *more = realloc(rows->words, room * sizeof *more);
        if (more == NULL)
            return -1;
        rows->words = more;
        rows->room = room;
    }
    rows->words[rows->count++] = place;
    rows->words[rows->count++] = target;
    return 0;
}

PyObject *retain_references(PyObject *self, PyObject *args)
{
    PyObject *out = NULL;
    Py_buffer text, targets;
    unsigned long long base;
    struct rows rows = {0};
    int bad;

    (void)self;
    if (!PyArg_ParseTuple(args, "y*Ky*", &text, &base, &targets))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    bad = gocode_search(text.buf, (size_t)text.len, base, targets.buf, (size_t)targets.len / 8, add_row, &rows);
    Py_END_ALLOW_THREADS
    out = bad ? retain_failed(-1) : PyBytes_FromStringAndSize((const char *)rows.words, (Py_ssize_t)(rows.count * sizeof *rows.words));
    free(rows.words);
    PyBuffer_Release(&text);
    PyBuffer_Release(&targets);
    return out;
}

PyObject *retain_know_codes(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    Py_buffer codes;
    struct held *held;
    int bad = 0;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &codes))
        return NULL;
    held = held_of(capsule);
    if (held != NULL)
        bad = gotypes_know_codes(&held->types, codes.buf, (size_t)codes.len / 8);
    PyBuffer_Release(&codes);
    if (held == NULL || bad)
        return held == NULL ? NULL : retain_failed(bad);
    Py_RETURN_NONE;
}
