/* The Python border of memory.c: a source's three parts and addresses in, bytes out. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "memory.h"

static PyObject *gather(PyObject *self, PyObject *args)
{
    Py_buffer segments, addresses;
    int fd, pid;
    Py_ssize_t size;
    PyObject *out = NULL;

    (void)self;
    if (!PyArg_ParseTuple(args, "iiy*y*n", &fd, &pid, &segments, &addresses, &size))
        return NULL;
    if (size < 0 || addresses.len % 8 || segments.len % 24 || (size > 0 && addresses.len / 8 > PY_SSIZE_T_MAX / size))
        PyErr_SetString(PyExc_ValueError, "addresses are uint64, segments rows of three, the size is not negative");
    else
        out = PyBytes_FromStringAndSize(NULL, addresses.len / 8 * size);
    if (out != NULL && size > 0) {
        struct memory memory = {fd, pid, segments.buf, (size_t)segments.len / 24};
        char *into = PyBytes_AsString(out);
        Py_BEGIN_ALLOW_THREADS
        memory_gather(&memory, addresses.buf, (size_t)addresses.len / 8, (size_t)size, into);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&segments);
    PyBuffer_Release(&addresses);
    return out;
}

static PyMethodDef methods[] = {
    {"gather", gather, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._memory", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__memory(void);

PyMODINIT_FUNC PyInit__memory(void)
{
    return PyModuleDef_Init(&module);
}
