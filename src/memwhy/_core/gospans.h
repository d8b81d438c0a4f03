/* The list of a Go heap's spans (mheap.allspans), as rows for goheap_open. */
#ifndef MEMWHY_GOSPANS_H
#define MEMWHY_GOSPANS_H

#include "goheap.h"
#include "memory.h"

/* Fields of runtime.mspan that are read; each version has them elsewhere. A size of 0: this version has none. */
enum gospans_field {
    GOSPANS_START, GOSPANS_PAGES, GOSPANS_COUNT, GOSPANS_ELEMENT, GOSPANS_CLASS, GOSPANS_STATE, GOSPANS_ARENA, GOSPANS_TYPE,
    GOSPANS_FREE, GOSPANS_TAKEN, GOSPANS_SWEPT, GOSPANS_BITS, GOSPANS_FIELDS
};

struct gospans_form {
    struct {
        uint64_t offset, size;
    } fields[GOSPANS_FIELDS];
    uint64_t in_use;      /* mSpanInUse */
    uint64_t inline_most; /* bytes of the largest object whose span has a bitmap at its end; 0: bitmaps are of the arena */
};

/* Rows of the spans in use, in address order, to be freed by the caller; what makes no sense, or overlaps what stands before it because it
 * was given out anew while we read, is left out. pointers: the addresses of `count` structs. Returns 0, -1 for no memory, -2 for a form that
 * makes no sense. */
int gospans_read(const struct memory *memory, const uint64_t *pointers, size_t count, const struct gospans_form *form,
                 uint64_t **rows, size_t *found);

#endif
