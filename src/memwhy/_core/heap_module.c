/* The Python border of heap.c: a source's parts, resident pages and bit maps in; flat integers out. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "heap.h"

static int holds_bits(const Py_buffer *bits, uint64_t start, uint64_t end)
{
    return start % GRAIN == 0 && end >= start && (uint64_t)bits->len >= ((end - start) / GRAIN + 7) / 8;
}

static PyObject *walk(PyObject *self, PyObject *args)
{
    Py_buffer segments, resident, starts, used;
    unsigned long long start, begin, end, top;
    int fd, pid, main_arena, failed = 0;
    PyObject *out = NULL;

    (void)self;
    if (!PyArg_ParseTuple(args, "iiy*y*KKKKpw*w*", &fd, &pid, &segments, &resident, &start, &begin, &end, &top,
                          &main_arena, &starts, &used))
        return NULL;
    if (segments.len % 24 || resident.len % 16 || !holds_bits(&starts, start, end) || !holds_bits(&used, start, end) ||
        begin < start || begin > end || begin % GRAIN) {
        PyErr_SetString(PyExc_ValueError, "segments are rows of three, pages of two; the bit maps must hold the range");
    } else {
        struct memory memory = {fd, pid, segments.buf, (size_t)segments.len / 24};
        struct pages pages = {resident.buf, (size_t)resident.len / 16};
        struct walk walk = {.start = start, .begin = begin, .end = end, .top = top, .main_arena = main_arena,
                            .starts = starts.buf, .used = used.buf};
        Py_BEGIN_ALLOW_THREADS
        failed = heap_walk(&memory, pages, &walk);
        Py_END_ALLOW_THREADS
        out = failed ? PyErr_NoMemory()
                     : Py_BuildValue("KKi", (unsigned long long)walk.stop, (unsigned long long)walk.chunks,
                                     (int)walk.ending);
    }
    PyBuffer_Release(&segments);
    PyBuffer_Release(&resident);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&used);
    return out;
}

/* heaps: rows of start, end, first byte of its bits in the maps. NULL with an error set when they do not fit. */
static struct bits *bits_of(const Py_buffer *heaps, const Py_buffer *starts, const Py_buffer *used,
                            const Py_buffer *marked)
{
    size_t count = (size_t)heaps->len / 24;
    const uint64_t *rows = heaps->buf;
    struct bits *bits = PyMem_Malloc((count ? count : 1) * sizeof *bits);

    if (bits == NULL)
        return (struct bits *)PyErr_NoMemory();
    for (size_t i = 0; i < count; i++) {
        uint64_t start = rows[3 * i], end = rows[3 * i + 1], at = rows[3 * i + 2];
        uint64_t room = (uint64_t)starts->len;
        if (start % GRAIN || end < start || at > room || ((end - start) / GRAIN + 7) / 8 > room - at ||
            used->len != starts->len || marked->len != starts->len) {
            PyErr_SetString(PyExc_ValueError, "a heap's bits are not inside the maps");
            PyMem_Free(bits);
            return NULL;
        }
        bits[i] = (struct bits){start, end, (const uint8_t *)starts->buf + at, (uint8_t *)used->buf + at,
                                (uint8_t *)marked->buf + at};
    }
    return bits;
}

static PyObject *run_chains(const struct memory *memory, const struct bits *bits, size_t heap_count,
                            const Py_buffer *rows)
{
    const uint64_t *row = rows->buf;
    size_t count = (size_t)rows->len / 40;
    struct chain *chains = PyMem_Malloc((count ? count : 1) * sizeof *chains);
    PyObject *out = NULL;
    int failed;

    if (chains == NULL)
        return PyErr_NoMemory();
    for (size_t i = 0; i < count; i++, row += 5)
        chains[i] = (struct chain){row[0], row[1], row[2], row[3], row[4] != 0, 0, 0, 0};
    Py_BEGIN_ALLOW_THREADS
    failed = heap_follow(memory, bits, heap_count, chains, count);
    Py_END_ALLOW_THREADS
    out = failed ? PyErr_NoMemory() : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * 24));
    if (out != NULL) {
        uint64_t *into = (uint64_t *)(void *)PyBytes_AsString(out);
        for (size_t i = 0; i < count; i++) {
            into[3 * i] = chains[i].count;
            into[3 * i + 1] = chains[i].bytes;
            into[3 * i + 2] = (uint64_t)chains[i].whole;
        }
    }
    PyMem_Free(chains);
    return out;
}

static PyObject *follow(PyObject *self, PyObject *args)
{
    Py_buffer segments, chains, heaps, starts, used, marked;
    int fd, pid;
    PyObject *out = NULL;

    (void)self;
    if (!PyArg_ParseTuple(args, "iiy*y*y*y*w*w*", &fd, &pid, &segments, &chains, &heaps, &starts, &used, &marked))
        return NULL;
    if (segments.len % 24 || chains.len % 40 || heaps.len % 24) {
        PyErr_SetString(PyExc_ValueError, "segments and heaps are rows of three, chains of five");
    } else {
        struct memory memory = {fd, pid, segments.buf, (size_t)segments.len / 24};
        struct bits *bits = bits_of(&heaps, &starts, &used, &marked);
        if (bits != NULL)
            out = run_chains(&memory, bits, (size_t)heaps.len / 24, &chains);
        PyMem_Free(bits);
    }
    PyBuffer_Release(&segments);
    PyBuffer_Release(&chains);
    PyBuffer_Release(&heaps);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&used);
    PyBuffer_Release(&marked);
    return out;
}

static PyObject *sums(const struct census *census)
{
    uint64_t flat[3 * KINDS + 1];

    for (int kind = 0; kind < KINDS; kind++) {
        flat[3 * kind] = census->count[kind];
        flat[3 * kind + 1] = census->bytes[kind];
        flat[3 * kind + 2] = census->resident[kind];
    }
    flat[3 * KINDS] = census->trimmable;
    return PyBytes_FromStringAndSize((const char *)flat, sizeof flat);
}

static PyObject *census(PyObject *self, PyObject *args)
{
    Py_buffer resident, starts, used, fast, cached, histogram;
    unsigned long long start, end, top;
    PyObject *out = NULL;

    (void)self;
    if (!PyArg_ParseTuple(args, "y*KKKy*y*y*y*w*", &resident, &start, &end, &top, &starts, &used, &fast, &cached,
                          &histogram))
        return NULL;
    if (resident.len % 16 || !holds_bits(&starts, start, end) || !holds_bits(&used, start, end) ||
        !holds_bits(&fast, start, end) || !holds_bits(&cached, start, end) ||
        histogram.len != (Py_ssize_t)(CLASSES * 32)) {
        PyErr_SetString(PyExc_ValueError, "pages are rows of two; the bit maps must hold the range");
    } else {
        struct pages pages = {resident.buf, (size_t)resident.len / 16};
        struct census census = {.start = start, .end = end, .top = top, .starts = starts.buf, .used = used.buf,
                                .fast = fast.buf, .cached = cached.buf, .histogram = histogram.buf};
        Py_BEGIN_ALLOW_THREADS
        heap_census(pages, &census);
        Py_END_ALLOW_THREADS
        out = sums(&census);
    }
    PyBuffer_Release(&resident);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&used);
    PyBuffer_Release(&fast);
    PyBuffer_Release(&cached);
    PyBuffer_Release(&histogram);
    return out;
}

static PyObject *pick(PyObject *self, PyObject *args)
{
    Py_buffer starts, used;
    unsigned long long start, end, least, largest;
    Py_ssize_t most;
    uint64_t *into = NULL;
    PyObject *out = NULL;

    (void)self;
    if (!PyArg_ParseTuple(args, "KKy*y*KKn", &start, &end, &starts, &used, &least, &largest, &most))
        return NULL;
    if (!holds_bits(&starts, start, end) || !holds_bits(&used, start, end) || most < 0 || most > 1 << 24 ||
        largest < least)
        PyErr_SetString(PyExc_ValueError, "the bit maps must hold the range; at most 2^24 are picked");
    else if ((into = PyMem_Malloc((size_t)most * 8 + 8)) == NULL)
        PyErr_NoMemory();
    if (into != NULL) {
        size_t count;
        Py_BEGIN_ALLOW_THREADS
        count = heap_pick(start, end, starts.buf, used.buf, least, largest, into, (size_t)most);
        Py_END_ALLOW_THREADS
        out = PyBytes_FromStringAndSize((const char *)into, (Py_ssize_t)(count * 8));
    }
    PyMem_Free(into);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&used);
    return out;
}

static PyMethodDef methods[] = {
    {"walk", walk, METH_VARARGS, NULL},
    {"follow", follow, METH_VARARGS, NULL},
    {"census", census, METH_VARARGS, NULL},
    {"pick", pick, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._heap", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__heap(void);

PyMODINIT_FUNC PyInit__heap(void)
{
    return PyModuleDef_Init(&module);
}
