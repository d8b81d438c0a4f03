/* Which of some objects nobody holds, and which of those lead back to themselves: their finalizers never run. */
#ifndef MEMWHY_GOCIRCLES_H
#define MEMWHY_GOCIRCLES_H

#include "goedges.h"

enum gocircles_answer {
    GOCIRCLES_HELD = 0,     /* the roots lead to it */
    GOCIRCLES_FREE = 1,     /* they do not */
    GOCIRCLES_CIRCLE = 2,   /* nor do they, and what it points to, or its function, leads back to it */
    GOCIRCLES_FUNCTION = 3, /* of its function alone */
};

/* pairs: object, and what its finalizer or cleanup begins with, GOHEAP_NONE for nothing; in the order of objects. An object's functions
 * count as edges out of it. answers: one for each pair. 0, or -1 for no memory. */
int gocircles(const struct goedges *edges, const uint32_t *roots, size_t root_count, const uint32_t *pairs, size_t pair_count,
              uint8_t *answers);

/* pairs: from, to (GOHEAP_NONE for all of one side): these edges lead to their own object from now on, so that they hold nothing.
 * 0, or -1 for no memory. */
int gocircles_cut(struct goedges *edges, const uint32_t *pairs, size_t pair_count);

#endif
