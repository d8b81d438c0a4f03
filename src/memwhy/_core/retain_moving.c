/* The part of the border of Go's heap that is about time: the list of spans, and reading again what was touched. */
#include "retain_module.h"

#include "bits.h"
#include "gomoving.h"
#include "gospans.h"

#include <stdlib.h>
#include <string.h>

#define TICK_BYTES (64u << 20)
#define FORM_WORDS (2 * GOSPANS_FIELDS + 2)

int retain_tick(void *context, uint64_t bytes)
{
    struct retain_told *told = context;
    int bad;

    if (bytes - told->bytes < TICK_BYTES)
        return 0;
    told->bytes = bytes;
    PyEval_RestoreThread(told->thread);
    bad = PyErr_CheckSignals();
    if (!bad && told->progress != NULL) {
        PyObject *answer = PyObject_CallFunction(told->progress, "K", (unsigned long long)bytes);
        bad = answer == NULL;
        Py_XDECREF(answer);
    }
    told->thread = PyEval_SaveThread();
    return bad;
}

int retain_way(const struct retain_way *given, struct goedges_way *way)
{
    if (given->resident.len % 16 || given->arenas.len % 16 || given->itabs.len % 16) {
        PyErr_SetString(PyExc_ValueError, "rows of two uint64");
        return -1;
    }
    *way = (struct goedges_way){
        .tail_bytes = given->tail, .resident = given->resident.buf, .resident_count = (size_t)given->resident.len / 16,
        .arenas = given->arenas.buf, .arena_count = (size_t)given->arenas.len / 16, .bitmap = given->bitmap,
        .no_more = given->no_more, .types = {given->types, given->types_end}, .text = {given->text, given->text_end},
        .itabs = given->itabs.buf, .itab_count = (size_t)given->itabs.len / 16,
    };
    way->lowest = way->itab_count && way->itabs[0] < given->types ? way->itabs[0] : given->types;
    return 0;
}

void retain_way_release(struct retain_way *given)
{
    PyBuffer_Release(&given->resident);
    PyBuffer_Release(&given->arenas);
    PyBuffer_Release(&given->itabs);
}

/* 0, or -1 with ValueError set. */
static int form_of(const Py_buffer *pointers, const Py_buffer *words, struct gospans_form *form)
{
    uint64_t word[FORM_WORDS];

    if (pointers->len % 8 || words->len != sizeof word) {
        PyErr_SetString(PyExc_ValueError, "pointers are uint64, the form is a pair of offset and size for each field, and two more");
        return -1;
    }
    memcpy(word, words->buf, sizeof word);
    for (int i = 0; i < GOSPANS_FIELDS; i++) {
        form->fields[i].offset = word[2 * i];
        form->fields[i].size = word[2 * i + 1];
    }
    form->in_use = word[2 * GOSPANS_FIELDS];
    form->inline_most = word[2 * GOSPANS_FIELDS + 1];
    return 0;
}

PyObject *retain_spans(PyObject *self, PyObject *args)
{
    struct memory memory = {0};
    struct gospans_form form;
    Py_buffer segments, pointers, words;
    PyObject *out = NULL;
    uint64_t *rows = NULL;
    size_t found = 0;

    (void)self;
    if (!PyArg_ParseTuple(args, "(iiy*)y*y*", &memory.fd, &memory.pid, &segments, &pointers, &words))
        return NULL;
    memory.segments = segments.buf;
    memory.count = (size_t)segments.len / 24;
    if (form_of(&pointers, &words, &form) == 0) {
        int bad;
        Py_BEGIN_ALLOW_THREADS
        bad = gospans_read(&memory, pointers.buf, (size_t)pointers.len / 8, &form, &rows, &found);
        Py_END_ALLOW_THREADS
        out = bad ? retain_failed(bad) : PyBytes_FromStringAndSize((char *)rows, (Py_ssize_t)(found * GOHEAP_ROW * 8));
        free(rows);
    }
    PyBuffer_Release(&segments);
    PyBuffer_Release(&pointers);
    PyBuffer_Release(&words);
    return out;
}

void retain_forget_moved(struct held *held)
{
    free(held->born);
    free(held->unread);
    held->born = held->unread = NULL;
    if (held->first != NULL)
        goheap_close(held->first);
    free(held->first);
    held->first = NULL;
}

/* Takes the place of what the capsule held; what was listed first is kept, to tell at the end what was born. */
static int replace(struct held *held, struct goheap *heap, struct goedges *edges)
{
    uint64_t read_bytes = held->edges.read_bytes;

    if (held->first == NULL) {
        held->first = malloc(sizeof *held->first);
        if (held->first == NULL)
            return -1;
        *held->first = held->heap;
    } else {
        goheap_close(&held->heap);
    }
    goedges_close(&held->edges);
    held->heap = *heap;
    held->edges = *edges;
    held->edges.heap = &held->heap;
    held->edges.moving = NULL;
    held->edges.read_bytes += read_bytes;
    *heap = (struct goheap){0};
    *edges = (struct goedges){0};
    return 0;
}

/* numbers: of objects as they were, then as they are; flags: of each whether it points to a beginning. */
static void renumber(const struct gomoving *moving, const struct goheap *heap, char *numbers, char *flags, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t number;
        memcpy(&number, numbers + 4 * i, sizeof number);
        number = gomoving_number(moving, heap, number, (uint8_t *)flags + i);
        memcpy(numbers + 4 * i, &number, sizeof number);
    }
}

static int renew(struct held *held, struct goheap *heap, struct gomoving *moving, const struct goedges_way *way, struct retain_told *told,
                 const struct gomoving_relist *relist, char *numbers, char *flags, Py_ssize_t count)
{
    struct goedges edges = {0};
    int bad = 0;

    if (moving->changed && (bad = moving->how == GOMOVING_CLOSES ? 0 : gomoving_mark(moving, heap, relist)) == 0 &&
        (bad = gomoving_renumber(moving, heap)) == 0 && (bad = goedges_open(&edges, heap, &held->types, &held->memory)) == 0) {
        edges.moving = moving;
        edges.most = held->edges.most;
        bad = goedges_reserve(&edges, held->edges.count) ? -1 : goedges_read(&edges, way, retain_tick, told);
    }
    if (!bad && moving->how == GOMOVING_CLOSES)
        gomoving_as_read(moving, heap);
    if (!bad) {
        renumber(moving, heap, numbers, flags, count);
        if (moving->changed)
            bad = replace(held, heap, &edges);
    }
    goedges_close(&edges);
    return bad;
}

/* After the last look: nothing waits any more, and it is told what was born since the first. */
static int finish(struct held *held, const struct gomoving_relist *relist)
{
    struct goedges first = {.heap = held->first};
    struct gomoving moving = {0};
    int bad = goedges_wait_no_longer(&held->edges);

    held->has_edges = !bad;
    if (bad || held->first == NULL)
        return bad;
    held->born = calloc((size_t)held->heap.objects / 8 + 1, 1);
    held->unread = calloc((size_t)held->heap.objects / 8 + 1, 1);
    bad = held->born && held->unread ? gomoving_compare(&moving, &first, &held->heap) : -1;
    if (!bad)
        bad = gomoving_born(&moving, &held->heap, relist, held->born, held->unread, &held->born_bytes);
    gomoving_close(&moving);
    return bad;
}

PyObject *retain_finish(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    Py_buffer pointers, words;
    struct gospans_form form;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "O(y*y*)", &capsule, &pointers, &words))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && form_of(&pointers, &words, &form) == 0) {
        struct gomoving_relist relist = {&held->memory, &form, pointers.buf, (size_t)pointers.len / 8};
        int bad = 0;
        if (held->is_read && !held->has_edges) {
            Py_BEGIN_ALLOW_THREADS
            bad = finish(held, &relist);
            Py_END_ALLOW_THREADS
        }
        out = bad ? retain_failed(bad) : Py_NewRef(Py_None);
    }
    PyBuffer_Release(&pointers);
    PyBuffer_Release(&words);
    return out;
}

static PyObject *renewed(struct held *held, const Py_buffer *rows, const struct goedges_way *way, const struct gomoving_relist *relist, const Py_buffer *numbers,
                         const Py_buffer *begins, PyObject *progress, int how)
{
    PyObject *into = PyBytes_FromStringAndSize(numbers->buf, numbers->len), *flags = PyBytes_FromStringAndSize(begins->buf, begins->len);
    struct retain_told told = {.progress = progress == Py_None ? NULL : progress};
    struct gomoving moving = {0};
    struct goheap heap = {0};
    int bad = into && flags ? 0 : -1;
    uint64_t waiting = 0;

    if (!bad) {
        char *as_numbers = PyBytes_AsString(into), *as_flags = PyBytes_AsString(flags);
        told.thread = PyEval_SaveThread();
        bad = goheap_open(&heap, rows->buf, (size_t)rows->len / (8 * GOHEAP_ROW));
        if (!bad)
            bad = gomoving_compare(&moving, &held->edges, &heap);
        moving.how = (enum gomoving_how)how;
        if (!bad)
            bad = renew(held, &heap, &moving, way, &told, relist, as_numbers, as_flags, begins->len);
        waiting = held->edges.waiting_count;
        goheap_close(&heap);
        gomoving_close(&moving);
        PyEval_RestoreThread(told.thread);
    }
    if (bad) {
        Py_XDECREF(into);
        Py_XDECREF(flags);
        return PyErr_Occurred() ? NULL : retain_failed(bad);
    }
    return Py_BuildValue("(KKNN)", (unsigned long long)moving.touched_bytes, (unsigned long long)waiting, into, flags);
}

/* Bytes of spans with pointers in which objects were given out since they were read, by a newer list. */
PyObject *retain_touched(PyObject *self, PyObject *args)
{
    PyObject *capsule, *out = NULL;
    Py_buffer rows;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &rows))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->is_read || held->has_edges || rows.len % (8 * GOHEAP_ROW)))
        PyErr_SetString(PyExc_ValueError, "a heap is compared after it was read and before it is finished");
    else if (held != NULL) {
        struct gomoving moving = {0};
        struct goheap heap = {0};
        int bad = goheap_open(&heap, rows.buf, (size_t)rows.len / (8 * GOHEAP_ROW));
        if (!bad)
            bad = gomoving_compare(&moving, &held->edges, &heap);
        out = bad ? retain_failed(bad) : PyLong_FromUnsignedLongLong(moving.touched_bytes);
        goheap_close(&heap);
        gomoving_close(&moving);
    }
    PyBuffer_Release(&rows);
    return out;
}

PyObject *retain_renew(PyObject *self, PyObject *args)
{
    PyObject *capsule, *progress, *out = NULL;
    Py_buffer rows, pointers, words, numbers, begins;
    struct gospans_form form;
    struct gomoving_relist relist;
    struct retain_way given;
    struct goedges_way way;
    struct held *held;
    int how;

    (void)self;
    if (!PyArg_ParseTuple(args, "Oy*(y*y*)(Ky*y*KKy*(KKKK))y*y*iO", &capsule, &rows, &pointers, &words, RETAIN_WAY(given), &numbers, &begins, &how, &progress))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->is_read || held->has_edges || rows.len % (8 * GOHEAP_ROW) || numbers.len != 4 * begins.len || how < 0 || how > GOMOVING_CLOSES))
        PyErr_SetString(PyExc_ValueError, "a heap is renewed after it was read and before it is finished; a flag for each number");
    else if (held != NULL && retain_way(&given, &way) == 0 && form_of(&pointers, &words, &form) == 0) {
        relist = (struct gomoving_relist){&held->memory, &form, pointers.buf, (size_t)pointers.len / 8};
        out = renewed(held, &rows, &way, &relist, &numbers, &begins, progress, how);
    }
    retain_way_release(&given);
    PyBuffer_Release(&rows);
    PyBuffer_Release(&pointers);
    PyBuffer_Release(&words);
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&begins);
    return out;
}

void retain_count_moved(struct held *held, const uint8_t *met)
{
    held->born_count = held->unread_count = held->lost_count = 0;
    for (uint32_t i = 0; i < held->edges.lost_count; i++)
        held->lost_count += bit_is_set(met, held->edges.lost[i]);
    for (uint32_t i = 0; held->born != NULL && i < held->heap.objects; i++)
        if (bit_is_set(met, i)) {
            held->born_count += bit_is_set(held->born, i);
            held->unread_count += bit_is_set(held->unread, i);
        }
}

/* (objects reached that were made meanwhile, those that were free when last read, pointers of reached objects that were not followed, bytes
 * made meanwhile, reached or not, bytes read, objects with pointers, objects, pointers). */
PyObject *retain_moved(PyObject *self, PyObject *capsule)
{
    struct held *held = held_of(capsule);

    (void)self;
    if (held == NULL)
        return NULL;
    return Py_BuildValue("(IIIKKIIK)", held->born_count, held->unread_count, held->lost_count, (unsigned long long)held->born_bytes,
                         (unsigned long long)held->edges.read_bytes, held->heap.scanned, held->heap.objects,
                         (unsigned long long)held->edges.count);
}
