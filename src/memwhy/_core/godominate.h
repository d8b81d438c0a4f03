/* Who alone keeps an object: dominators of what the roots reach, and what each of them retains.
 *
 * Semi-NCA (Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005) over the objects that may point; what can only be
 * pointed to hangs below the nearest common dominator of whatever points to it. Walks up the tree of dominators take jumps (Myers, An
 * applicative random-access stack, 1983), so that lists of millions of objects, each of which is held elsewhere, too, stay cheap.
 *
 * Memory decides how large a heap can be looked at: each array lives as long as it is needed, some mean two things in turn. */
#ifndef MEMWHY_GODOMINATE_H
#define MEMWHY_GODOMINATE_H

#include "goroots.h"

/* Nodes are numbered as a depth-first search meets them: 0 is what stands above all, then the roots' owners and the objects
 * that may point, mixed. */
struct godominators {
    const struct goroots *roots;
    uint32_t *node;   /* by object that may point: its node, 0 when nothing reaches it */
    uint32_t *object; /* by node: the object, or GOHEAP_NONE - owner */
    uint32_t *idom;   /* by node */
    uint32_t *leaf;   /* by object - scanned: the node that alone keeps it, GOHEAP_NONE when nothing reaches it */
    uint16_t *at;     /* by node: the word of its dominator that points to it; GOEDGES_FAR - 1 when none does, so it is shared */
    uint16_t *leaf_at;
    uint8_t *again;   /* a bit an object: more than one leads to it, so that it may be shared. What has none has its one holder */
    uint32_t count;   /* of nodes */
};

#define GODOMINATE_SHARED (GOEDGES_FAR - 1)

/* Bytes that `godominate` and `gogroups_make` need about at most at one time besides the edges. */
uint64_t godominate_bytes(const struct goedges *edges);

/* 0, -1 for no memory, 1 when the tick of the roots says so. */
int godominate(struct godominators *found, const struct goedges *edges, const struct goroots *roots);
void godominate_close(struct godominators *found);

#endif
