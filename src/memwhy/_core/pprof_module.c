/* The Python border of the profile reader: bytes in, flat integers out. Limited API, one wheel for all of 3.11+. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pprof.h"

#define HEAD 13

static PyObject *flat(const void *cells, size_t count, size_t size)
{
    return PyBytes_FromStringAndSize(count ? (const char *)cells : "", (Py_ssize_t)(count * size));
}

static PyObject *answer(enum pprof_fault fault, const struct pprof *out)
{
    const int64_t head[HEAD] = {
        fault, (int64_t)out->fault_at, out->type_count, (int64_t)out->samples, (int64_t)out->cut_stacks, out->period_type[0],
        out->period_type[1], out->period, out->time_ns, out->default_type, out->drop_frames, out->mapping_file, out->mapping_build,
    };
    size_t cells = fault ? 0 : (size_t)out->node_count * out->type_count;

    return Py_BuildValue(
        "(NNNNNNNNN)", flat(head, HEAD, sizeof *head), flat(out->types, out->type_count, sizeof *out->types),
        flat(out->totals, out->type_count, sizeof *out->totals),
        flat(out->strings, fault ? 0 : out->string_count, sizeof *out->strings),
        flat(out->nodes, fault ? 0 : out->node_count, sizeof *out->nodes), flat(out->flat, cells, sizeof *out->flat),
        flat(out->cum, cells, sizeof *out->cum), flat(out->inlined, cells, sizeof *out->inlined),
        flat(out->stacks, fault ? 0 : out->stack_cells, sizeof *out->stacks));
}

static PyObject *pprof(PyObject *self, PyObject *args)
{
    const char *raw;
    Py_ssize_t length;
    unsigned int most_stacks;
    double fraction;
    struct pprof out;
    enum pprof_fault fault;
    PyObject *result;

    (void)self;
    if (!PyArg_ParseTuple(args, "y#Id", &raw, &length, &most_stacks, &fraction))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    fault = pprof_read((const uint8_t *)raw, (size_t)length, most_stacks, fraction, &out);
    Py_END_ALLOW_THREADS
    result = fault == PPROF_MEMORY ? PyErr_NoMemory() : answer(fault, &out);
    pprof_free(&out);
    return result;
}

static PyMethodDef methods[] = {
    {"pprof", pprof, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._pprof", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__pprof(void);

PyMODINIT_FUNC PyInit__pprof(void)
{
    return PyModuleDef_Init(&module);
}
