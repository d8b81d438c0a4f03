/* The Python border of stops.c. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stops.h"

static int one_write(PyObject *row, struct stop_write *write)
{
    const char *expected, *fresh;
    Py_ssize_t expected_size, fresh_size;
    unsigned long long address;

    if (!PyArg_ParseTuple(row, "Kz#y#", &address, &expected, &expected_size, &fresh, &fresh_size))
        return -1;
    if (expected != NULL && expected_size != fresh_size) {
        PyErr_SetString(PyExc_ValueError, "as many bytes are expected as are written");
        return -1;
    }
    *write = (struct stop_write){address, (size_t)fresh_size, (const unsigned char *)expected, (const unsigned char *)fresh};
    return 0;
}

static PyObject *answered(const struct stop_answer *answer)
{
    return Py_BuildValue("iiiKnKn", (int)answer->outcome, (int)answer->tid, answer->error, (unsigned long long)answer->address,
                         (Py_ssize_t)answer->index, (unsigned long long)answer->stop_ns, (Py_ssize_t)answer->threads);
}

static PyObject *stop(PyObject *self, PyObject *args)
{
    PyObject *writes, *ranges, *out = NULL;
    struct stop_request request = {0};
    struct stop_answer answer;
    struct stop_write *rows = NULL;
    struct stop_range *kept = NULL;
    unsigned long long most_wait_ns;
    Py_ssize_t scan_bytes;

    (void)self;
    if (!PyArg_ParseTuple(args, "iipO!O!nK", &request.pid, &request.mem, &request.poke, &PyTuple_Type, &writes, &PyTuple_Type,
                          &ranges, &scan_bytes, &most_wait_ns))
        return NULL;
    if (scan_bytes < 0 || scan_bytes > 1 << 26)
        return PyErr_Format(PyExc_ValueError, "scan_bytes is 0 to 64 MiB");
    request.write_count = (size_t)PyTuple_Size(writes);
    request.range_count = (size_t)PyTuple_Size(ranges);
    request.scan_bytes = (size_t)scan_bytes & ~(size_t)7;
    request.most_wait_ns = most_wait_ns;
    rows = calloc(request.write_count + 1, sizeof *rows);
    kept = calloc(request.range_count + 1, sizeof *kept);
    if (rows == NULL || kept == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (size_t i = 0; i < request.write_count; i++)
        if (one_write(PyTuple_GetItem(writes, (Py_ssize_t)i), &rows[i]) != 0)
            goto end;
    for (size_t i = 0; i < request.range_count; i++) {
        unsigned long long lo, hi;
        if (!PyArg_ParseTuple(PyTuple_GetItem(ranges, (Py_ssize_t)i), "KKi", &lo, &hi, &kept[i].kind))
            goto end;
        kept[i].lo = lo;
        kept[i].hi = hi;
    }
    request.writes = rows;
    request.ranges = kept;
    Py_BEGIN_ALLOW_THREADS
    stop_and_write(&request, &answer);
    Py_END_ALLOW_THREADS
    out = answered(&answer);
end:
    free(rows);
    free(kept);
    return out;
}

static PyObject *filter(PyObject *self, PyObject *args)
{
    unsigned char *program = NULL;
    unsigned index;
    PyObject *out;
    long count;
    int tid;

    (void)self;
    if (!PyArg_ParseTuple(args, "iI", &tid, &index))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    count = stop_filter(tid, index, &program);
    Py_END_ALLOW_THREADS
    if (count < 0) {
        free(program);
        errno = (int)-count;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    out = PyBytes_FromStringAndSize((const char *)program, count * 8);
    free(program);
    return out;
}

static PyMethodDef methods[] = {
    {"stop", stop, METH_VARARGS, NULL},
    {"filter", filter, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._stops", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__stops(void);

PyMODINIT_FUNC PyInit__stops(void)
{
    return PyModuleDef_Init(&module);
}
