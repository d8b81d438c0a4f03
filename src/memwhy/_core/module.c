/* The Python border of the cellar: argument in, bytes and one integer out. Limited API, one wheel for all of 3.11+. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

#include "smaps.h"

static PyObject *smaps(PyObject *self, PyObject *raw)
{
    char *text;
    Py_ssize_t length;
    ptrdiff_t bad;
    struct smaps_rows out = {NULL, 0, 0};
    PyObject *flat, *result = NULL;

    (void)self;
    if (PyBytes_AsStringAndSize(raw, &text, &length) < 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    bad = smaps_read(text, (size_t)length, &out);
    Py_END_ALLOW_THREADS
    if (bad == -2) {
        free(out.cells);
        return PyErr_NoMemory();
    }
    flat = PyBytes_FromStringAndSize((const char *)out.cells, (Py_ssize_t)(out.rows * SMAPS_COLUMNS * sizeof *out.cells));
    free(out.cells);
    if (flat != NULL)
        result = Py_BuildValue("(On)", flat, (Py_ssize_t)bad);
    Py_XDECREF(flat);
    return result;
}

static PyMethodDef methods[] = {
    {"smaps", smaps, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._smaps", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__smaps(void);

PyMODINIT_FUNC PyInit__smaps(void)
{
    return PyModuleDef_Init(&module);
}
