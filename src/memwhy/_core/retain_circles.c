/* The part of the border of Go's heap that is about finalizers and about edges that shall hold nothing. */
#include "retain_module.h"

#include "gocircles.h"

/* Are all of these numbers below a limit, or GOHEAP_NONE where that may be? */
static int are_below(const uint32_t *numbers, size_t count, size_t step, uint32_t limit, int may_be_none)
{
    for (size_t i = 0; i < count; i++, numbers += step)
        if (*numbers >= limit && !(may_be_none && *numbers == GOHEAP_NONE))
            return 0;
    return 1;
}

static int are_in_order(const uint32_t *pairs, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (pairs[2 * i] < pairs[2 * i - 2])
            return 0;
    return 1;
}

PyObject *retain_circles(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    Py_buffer roots, pairs;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*y*", &capsule, &roots, &pairs))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->has_edges || roots.len % 4 || pairs.len % 8 ||
                         !are_below(roots.buf, (size_t)roots.len / 4, 1, held->heap.objects, 0) ||
                         !are_below(pairs.buf, (size_t)pairs.len / 8, 2, held->heap.objects, 0) ||
                         !are_below((uint32_t *)pairs.buf + 1, (size_t)pairs.len / 8, 2, held->heap.objects, 1) ||
                         !are_in_order(pairs.buf, (size_t)pairs.len / 8)))
        PyErr_SetString(PyExc_ValueError, "objects, and pairs of objects in their order");
    else if (held != NULL && (out = PyBytes_FromStringAndSize(NULL, pairs.len / 8)) != NULL) {
        uint8_t *answers = (uint8_t *)PyBytes_AsString(out);
        int bad;
        Py_BEGIN_ALLOW_THREADS
        bad = gocircles(&held->edges, roots.buf, (size_t)roots.len / 4, pairs.buf, (size_t)pairs.len / 8, answers);
        Py_END_ALLOW_THREADS
        if (bad) {
            Py_DECREF(out);
            out = retain_failed(-1);
        }
    }
    PyBuffer_Release(&roots);
    PyBuffer_Release(&pairs);
    return out;
}

PyObject *retain_cut(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    Py_buffer pairs;
    struct held *held;
    int bad = 1;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &pairs))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->has_edges || pairs.len % 8 ||
                         !are_below(pairs.buf, (size_t)pairs.len / 8, 2, held->heap.scanned, 1) ||
                         !are_below((uint32_t *)pairs.buf + 1, (size_t)pairs.len / 8, 2, held->heap.objects, 1)))
        PyErr_SetString(PyExc_ValueError, "pairs of objects, of which the first have pointers");
    else if (held != NULL) {
        bad = gocircles_cut(&held->edges, pairs.buf, (size_t)pairs.len / 8);
        if (bad)
            retain_failed(-1);
    }
    PyBuffer_Release(&pairs);
    if (bad)
        return NULL;
    return Py_NewRef(Py_None);
}
