/* The Python border of chunks.c, mark.c and graph.c: bitmaps and rows of uint64 in, bitmaps and rows out. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "graph.h"
#include "mark.h"

#include <stdlib.h>
#include <string.h>

#define TICK_BYTES (64u << 20)

/* What each call begins with: where to read, the chunks, what is resident, and whom to tell. */
struct call {
    struct memory memory;
    struct chunks chunks;
    struct words words;
    Py_buffer segments, mapped, resident;
    PyObject *progress; /* borrowed; NULL: none */
    PyThreadState *thread;
    uint64_t told;
};

static int tick(void *context, uint64_t bytes)
{
    struct call *call = context;
    int bad;

    if (bytes - call->told < TICK_BYTES)
        return 0;
    call->told = bytes;
    PyEval_RestoreThread(call->thread);
    bad = PyErr_CheckSignals();
    if (!bad && call->progress != NULL) {
        PyObject *answer = PyObject_CallFunction(call->progress, "K", (unsigned long long)bytes);
        bad = answer == NULL;
        Py_XDECREF(answer);
    }
    call->thread = PyEval_SaveThread();
    return bad;
}

static int bits_of(PyObject *bytes, uint64_t slots, const uint8_t **into)
{
    char *data;
    Py_ssize_t length;

    if (PyBytes_AsStringAndSize(bytes, &data, &length))
        return -1;
    if ((uint64_t)length != (slots + 7) / 8) {
        PyErr_SetString(PyExc_ValueError, "a bitmap has one bit per 16 bytes of its heap, in whole bytes");
        return -1;
    }
    *into = (const uint8_t *)data;
    return 0;
}

static int heap_region(PyObject *row, struct chunk_region *region)
{
    unsigned long long start, end;
    PyObject *starts, *used;

    if (!PyArg_ParseTuple(row, "KKSS", &start, &end, &starts, &used))
        return -1;
    if (start % 16 || end % 16 || start >= end) {
        PyErr_SetString(PyExc_ValueError, "a heap begins and ends at multiples of 16, and is not empty");
        return -1;
    }
    *region = (struct chunk_region){.start = start, .end = end, .slots = (end - start) / 16};
    return bits_of(starts, region->slots, &region->starts) || bits_of(used, region->slots, &region->used) ? -1 : 0;
}

static int by_start(const void *left, const void *right)
{
    const struct chunk_region *one = left, *other = right;

    return one->start < other->start ? -1 : one->start > other->start;
}

static int chunks_of(PyObject *heaps, const Py_buffer *mapped, struct chunks *chunks)
{
    Py_ssize_t count = PyTuple_Size(heaps), more = mapped->len / 24;
    const uint64_t *rows = mapped->buf;
    int bad;

    if (count < 0)
        return -1;
    chunks->regions = calloc((size_t)(count + more) + 1, sizeof *chunks->regions);
    if (chunks->regions == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++, chunks->count++)
        if (heap_region(PyTuple_GetItem(heaps, i), &chunks->regions[i]))
            return -1;
    for (Py_ssize_t i = 0; i < more; i++)
        chunks->regions[chunks->count++] =
            (struct chunk_region){.start = rows[3 * i], .end = rows[3 * i + 1], .user = rows[3 * i + 2], .slots = 1};
    qsort(chunks->regions, chunks->count, sizeof *chunks->regions, by_start);
    for (size_t i = 0; i < chunks->count; i++)
        if (chunks->regions[i].start >= chunks->regions[i].end || (i && chunks->regions[i].start < chunks->regions[i - 1].end)) {
            PyErr_SetString(PyExc_ValueError, "heaps and mapped blocks overlap, or one is empty");
            return -1;
        }
    bad = chunks_index(chunks);
    if (bad)
        PyErr_SetString(bad == -1 ? PyExc_MemoryError : PyExc_OverflowError, "too many chunks");
    return bad;
}

static void call_end(struct call *call)
{
    chunks_free(&call->chunks);
    PyBuffer_Release(&call->segments);
    PyBuffer_Release(&call->mapped);
    PyBuffer_Release(&call->resident);
}

/* source: (fd, pid, segments); chunks: (heaps, mapped). The caller calls call_end whatever the answer; call is zeroed. */
static int call_begin(struct call *call, PyObject *source, PyObject *chunks, PyObject *resident, PyObject *progress)
{
    PyObject *heaps;

    if (!PyArg_ParseTuple(source, "iiy*", &call->memory.fd, &call->memory.pid, &call->segments) ||
        !PyArg_ParseTuple(chunks, "O!y*", &PyTuple_Type, &heaps, &call->mapped) ||
        PyObject_GetBuffer(resident, &call->resident, PyBUF_SIMPLE))
        return -1;
    if (call->segments.len % 24 || call->mapped.len % 24 || call->resident.len % 16) {
        PyErr_SetString(PyExc_ValueError, "segments and mapped are rows of three uint64, resident of two");
        return -1;
    }
    call->memory.segments = call->segments.buf;
    call->memory.count = (size_t)call->segments.len / 24;
    call->progress = progress == Py_None ? NULL : progress;
    call->words = (struct words){.memory = call->memory, .resident = call->resident.buf,
                                 .resident_count = (size_t)call->resident.len / 16, .tick = tick, .tick_context = call};
    return chunks_of(heaps, &call->mapped, &call->chunks);
}

static PyObject *bits_new(const struct chunks *chunks)
{
    Py_ssize_t size = ((Py_ssize_t)chunks->total / 64 + 1) * 8;
    PyObject *bits = PyBytes_FromStringAndSize(NULL, size);

    if (bits != NULL)
        memset(PyBytes_AsString(bits), 0, (size_t)size);
    return bits;
}

static struct mark_roots roots_of(const Py_buffer *rows)
{
    return (struct mark_roots){rows->buf, (size_t)rows->len / 16};
}

static uint64_t *words_in(PyObject *bits)
{
    return (uint64_t *)(void *)PyBytes_AsString(bits);
}

static PyObject *mark(PyObject *self, PyObject *args)
{
    PyObject *source, *chunks, *resident, *progress, *answer = NULL, *sure = NULL, *maybe = NULL;
    PyObject *doubted = NULL, *firm = NULL;
    Py_buffer certain, doubtful, known, came, recent;
    unsigned long long cache_key;
    struct call call = {0};

    (void)self;
    if (!PyArg_ParseTuple(args, "OOOy*y*y*Oy*y*K", &source, &chunks, &resident, &certain, &doubtful, &known,
                          &progress, &came, &recent, &cache_key))
        return NULL;
    if (call_begin(&call, source, chunks, resident, progress) == 0 && (sure = bits_new(&call.chunks)) != NULL &&
        (maybe = bits_new(&call.chunks)) != NULL && (doubted = bits_new(&call.chunks)) != NULL &&
        (firm = bits_new(&call.chunks)) != NULL) {
        struct mark_from from = {roots_of(&certain), roots_of(&doubtful), roots_of(&came), roots_of(&recent),
                                 known.buf, (size_t)known.len / 8, cache_key};
        struct marks marks = {words_in(sure), words_in(maybe), words_in(doubted), words_in(firm), 0};
        int bad;
        call.thread = PyEval_SaveThread();
        bad = mark_chunks(&call.chunks, &call.words, &from, &marks);
        PyEval_RestoreThread(call.thread);
        if (bad == -1)
            PyErr_NoMemory();
        else if (bad == 0)
            answer = Py_BuildValue("OOOOIK", sure, maybe, doubted, firm, (unsigned int)call.chunks.total,
                                   (unsigned long long)marks.roots_bytes);
    }
    Py_XDECREF(sure);
    Py_XDECREF(maybe);
    Py_XDECREF(doubted);
    Py_XDECREF(firm);
    PyBuffer_Release(&certain);
    PyBuffer_Release(&doubtful);
    PyBuffer_Release(&known);
    PyBuffer_Release(&came);
    PyBuffer_Release(&recent);
    call_end(&call);
    return answer;
}

static PyObject *graph(PyObject *self, PyObject *args)
{
    PyObject *source, *chunks, *resident, *progress, *answer = NULL;
    Py_buffer lost, keys;
    struct call call = {0};
    struct graphs graphs = {0};
    Py_ssize_t most_shapes, most_members;
    int bad;

    (void)self;
    if (!PyArg_ParseTuple(args, "OOOy*y*nnO", &source, &chunks, &resident, &lost, &keys, &most_shapes, &most_members, &progress))
        return NULL;
    bad = call_begin(&call, source, chunks, resident, progress);
    if (!bad && ((uint64_t)lost.len != (call.chunks.total / 64u + 1) * 8 || keys.len % 16 || most_shapes < 0 || most_members < 1)) {
        PyErr_SetString(PyExc_ValueError, "lost has a bit for each chunk in use, in whole uint64; keys are rows of two");
        bad = -3;
    }
    if (!bad) {
        call.thread = PyEval_SaveThread();
        bad = graph_lost(&call.chunks, &call.words, lost.buf, keys.buf, (size_t)keys.len / 16, (size_t)most_shapes,
                         (size_t)most_members, &graphs);
        PyEval_RestoreThread(call.thread);
        if (bad == -1)
            PyErr_NoMemory();
    }
    if (!bad) {
        for (size_t i = 0; i < graphs.shape_count; i++) /* seven numbers a row; the samples went into the members */
            memmove((char *)graphs.shapes + i * 56, &graphs.shapes[i], 56);
        answer = Py_BuildValue("y#y#KK", (char *)graphs.shapes, (Py_ssize_t)graphs.shape_count * 56, (char *)graphs.members,
                               (Py_ssize_t)(graphs.member_count * sizeof *graphs.members),
                               (unsigned long long)graphs.moved_chunks, (unsigned long long)graphs.moved_bytes);
    }
    graphs_free(&graphs);
    PyBuffer_Release(&lost);
    PyBuffer_Release(&keys);
    call_end(&call);
    return answer;
}

/* A call without reading: chunks and bits by their numbers. */
static int counted_begin(struct call *call, PyObject *chunks, const Py_buffer *bits)
{
    PyObject *heaps;

    if (!PyArg_ParseTuple(chunks, "O!y*", &PyTuple_Type, &heaps, &call->mapped))
        return -1;
    if (call->mapped.len % 24) {
        PyErr_SetString(PyExc_ValueError, "mapped are rows of three uint64");
        return -1;
    }
    if (chunks_of(heaps, &call->mapped, &call->chunks))
        return -1;
    if ((uint64_t)bits->len != (call->chunks.total / 64u + 1) * 8) {
        PyErr_SetString(PyExc_ValueError, "there is a bit for each chunk in use, in whole uint64");
        return -1;
    }
    return 0;
}

static PyObject *weigh(PyObject *self, PyObject *args)
{
    PyObject *chunks, *answer = NULL;
    Py_buffer bits;
    struct call call = {0};

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &chunks, &bits))
        return NULL;
    if (counted_begin(&call, chunks, &bits) == 0) {
        uint64_t count, bytes;
        Py_BEGIN_ALLOW_THREADS
        chunks_weigh(&call.chunks, bits.buf, &count, &bytes);
        Py_END_ALLOW_THREADS
        answer = Py_BuildValue("KK", (unsigned long long)count, (unsigned long long)bytes);
    }
    PyBuffer_Release(&bits);
    call_end(&call);
    return answer;
}

static PyObject *common(PyObject *self, PyObject *args)
{
    PyObject *chunks, *earlier, *answer = NULL;
    Py_buffer bits, earlier_bits;
    struct call call = {0}, before = {0};

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*Oy*", &chunks, &bits, &earlier, &earlier_bits))
        return NULL;
    if (counted_begin(&call, chunks, &bits) == 0 && counted_begin(&before, earlier, &earlier_bits) == 0 &&
        (answer = bits_new(&call.chunks)) != NULL) {
        uint64_t *into = (uint64_t *)(void *)PyBytes_AsString(answer);
        Py_BEGIN_ALLOW_THREADS
        chunks_common(&call.chunks, bits.buf, &before.chunks, earlier_bits.buf, into);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&bits);
    PyBuffer_Release(&earlier_bits);
    call_end(&call);
    call_end(&before);
    return answer;
}

static PyMethodDef methods[] = {
    {"mark", mark, METH_VARARGS, NULL},
    {"graph", graph, METH_VARARGS, NULL},
    {"weigh", weigh, METH_VARARGS, NULL},
    {"common", common, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "memwhy._core._graph", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__graph(void);

PyMODINIT_FUNC PyInit__graph(void)
{
    return PyModuleDef_Init(&module);
}
