/* The Python border of the unwind rules: a section in, rows out. Limited API, one wheel for all of 3.11+. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

#include "eh_rows.h"

static PyObject *eh_rows(PyObject *self, PyObject *args)
{
    const char *raw;
    Py_ssize_t length, most;
    unsigned long long section_address, base;
    struct eh_rows out;
    PyObject *result = NULL;
    int status;

    (void)self;
    if (!PyArg_ParseTuple(args, "y#KKn", &raw, &length, &section_address, &base, &most))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = eh_rows_read((const uint8_t *)raw, (size_t)length, section_address, base, most > 0 ? (size_t)most : 0, &out);
    Py_END_ALLOW_THREADS
    if (status == -1)
        PyErr_NoMemory();
    else
        result = Py_BuildValue("(y#nnni)", status || out.rows == NULL ? "" : (const char *)out.rows, (Py_ssize_t)(status ? 0 : out.count * sizeof *out.rows),
                               (Py_ssize_t)out.functions, (Py_ssize_t)out.broken, (Py_ssize_t)out.fault_at, status == -2);
    free(out.rows);
    return result;
}

static PyMethodDef methods[] = {
    {"eh_rows", eh_rows, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._eh_rows", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__eh_rows(void);

PyMODINIT_FUNC PyInit__eh_rows(void)
{
    return PyModuleDef_Init(&module);
}
