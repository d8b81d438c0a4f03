/* The part of the border of Go's heap that is about code: which of it refers to a variable. */
#include "retain_module.h"

#include "goused.h"

#include <stdlib.h>

#define MOST_ROWS (1u << 17) /* runtime.writeBarrier has as many in a program of 100 MB; nobody asks for it */

struct uses {
    uint64_t *words;
    size_t count, room;
};

static int add_use(void *context, uint64_t place, uint64_t target)
{
    struct uses *uses = context;

    if (uses->count == uses->room) {
        size_t room = uses->room ? 2 * uses->room : 512;
        uint64_t *more = room > 2 * (size_t)MOST_ROWS ? NULL : realloc(uses->words, room * sizeof *more);
        if (more == NULL)
            return room > 2 * (size_t)MOST_ROWS ? 1 : -1;
        uses->words = more;
        uses->room = room;
    }
    uses->words[uses->count++] = place;
    uses->words[uses->count++] = target;
    return 0;
}

PyObject *retain_uses(PyObject *self, PyObject *args)
{
    PyObject *out = NULL;
    Py_buffer text, windows;
    unsigned long long base;
    struct uses uses = {0};
    int bad;

    (void)self;
    if (!PyArg_ParseTuple(args, "y*Ky*", &text, &base, &windows))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    bad = goused_search(text.buf, (size_t)text.len, base, windows.buf, (size_t)windows.len / 16, add_use, &uses);
    Py_END_ALLOW_THREADS
    out = bad < 0 ? retain_failed(-1) : PyBytes_FromStringAndSize((const char *)uses.words, (Py_ssize_t)(uses.count * sizeof *uses.words));
    free(uses.words);
    PyBuffer_Release(&text);
    PyBuffer_Release(&windows);
    return out;
}
