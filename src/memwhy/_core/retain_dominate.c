/* The half of the border of Go's heap that is about who keeps what. */
#include "retain_module.h"

#include "bits.h"
#include "goreach.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_WORDS (5 + GOGROUPS_BY)

static int is_interrupted(void *context)
{
    PyThreadState **thread = context;
    int bad;

    PyEval_RestoreThread(*thread);
    bad = PyErr_CheckSignals();
    *thread = PyEval_SaveThread();
    return bad;
}

static int are_sorted(const uint32_t *roots, size_t count, uint32_t owners, uint32_t objects)
{
    for (size_t i = 0; i < count; i++, roots += 3)
        if (roots[0] >= objects || roots[1] >= owners || (i && roots[1] < roots[-2]))
            return 0;
    return 1;
}

static PyObject *rows_of(const struct gogroups *groups)
{
    PyObject *out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)groups->count * GROUP_WORDS * 8);
    char *into = out ? PyBytes_AsString(out) : NULL;

    for (uint32_t i = 0; out && i < groups->count; i++) {
        const struct gogroup *group = &groups->rows[i];
        uint64_t row[GROUP_WORDS] = {group->parent, group->key, group->at, group->count, group->bytes};
        for (int j = 0; j < GOGROUPS_BY; j++)
            row[5 + j] = group->by[j];
        memcpy(into + sizeof row * i, row, sizeof row);
    }
    return out;
}

static int count_moved(struct held *held, const struct godominators *found)
{
    uint32_t scanned = held->heap.scanned;
    uint8_t *met = calloc((size_t)held->heap.objects / 8 + 1, 1);

    if (met == NULL)
        return -1;
    for (uint32_t i = 0; i < held->heap.objects; i++)
        if (i < scanned ? found->node[i] != 0 : found->leaf[i - scanned] != GOHEAP_NONE)
            set_bit(met, i);
    retain_count_moved(held, met);
    free(met);
    return 0;
}

static int by_dominators(struct gogroups *groups, struct held *held, const struct goroots *roots)
{
    struct godominators found = {0};
    int bad = godominate(&found, &held->edges, roots);

    if (!bad && retain_may_have_moved(held))
        bad = count_moved(held, &found);
    if (!bad)
        bad = gogroups_make(groups, &held->edges, &found);
    if (!bad)
        bad = gosample_make(&held->sample, groups, &held->edges, &found);
    godominate_close(&found);
    return bad;
}

static int by_reach(struct gogroups *groups, struct held *held, const struct goroots *roots)
{
    uint8_t *met = NULL;
    int bad = goreach(groups, &held->edges, roots, &met);

    if (!bad)
        retain_count_moved(held, met);
    free(met);
    return bad;
}

static PyObject *grouped(PyObject *args, int (*make)(struct gogroups *, struct held *, const struct goroots *))
{
    PyObject *capsule, *out = NULL;
    Py_buffer rows;
    unsigned int owners;
    struct held *held;

    if (!PyArg_ParseTuple(args, "Oy*I", &capsule, &rows, &owners))
        return NULL;
    held = held_of(capsule);
    if (held != NULL && (!held->has_edges || rows.len % 12 || !are_sorted(rows.buf, (size_t)rows.len / 12, owners, held->heap.objects)))
        PyErr_SetString(PyExc_ValueError, "roots are rows of object, owner, word, in the order of owners");
    else if (held != NULL) {
        struct goroots roots;
        struct gogroups groups = {0};
        PyThreadState *thread;
        int bad = goroots_open(&roots, rows.buf, (size_t)rows.len / 12, owners);
        roots.tick = is_interrupted;
        roots.context = &thread;
        thread = PyEval_SaveThread();
        if (!bad)
            bad = make(&groups, held, &roots);
        PyEval_RestoreThread(thread);
        out = bad ? retain_failed(bad) : rows_of(&groups);
        gogroups_close(&groups);
        goroots_close(&roots);
    }
    PyBuffer_Release(&rows);
    return out;
}

PyObject *retain_retained(PyObject *self, PyObject *args)
{
    (void)self;
    return grouped(args, by_dominators);
}

PyObject *retain_reached(PyObject *self, PyObject *args)
{
    (void)self;
    return grouped(args, by_reach);
}

PyObject *retain_dominators_bytes(PyObject *self, PyObject *capsule)
{
    struct held *held = held_of(capsule);

    (void)self;
    return held == NULL ? NULL : PyLong_FromUnsignedLongLong(godominate_bytes(&held->edges));
}

PyObject *retain_limit(PyObject *self, PyObject *args)
{
    PyObject *capsule;
    unsigned long long most;
    struct held *held;

    (void)self;
    if (!PyArg_ParseTuple(args, "OK", &capsule, &most) || (held = held_of(capsule)) == NULL)
        return NULL;
    held->edges.most = most < UINT32_MAX ? most : UINT32_MAX - 1;
    Py_RETURN_NONE;
}

PyObject *retain_counts(PyObject *self, PyObject *capsule)
{
    struct held *held = held_of(capsule);

    (void)self;
    return held == NULL ? NULL : Py_BuildValue("(II)", held->heap.scanned, held->heap.objects);
}
