/* Who alone keeps an object: dominators of what the roots reach, and what each of them retains.
 *
 * Semi-NCA (Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005) over the objects that may point; what can only be
 * pointed to hangs below the nearest common dominator of whatever points to it. */
#ifndef MEMWHY_GODOMINATE_H
#define MEMWHY_GODOMINATE_H

#include "goedges.h"

/* Nodes are numbered as a depth-first search meets them: 0 is what stands above all, then the roots' owners and the objects
 * that may point, mixed. */
struct godominators {
    uint32_t *node;   /* by object that may point: its node, 0 when nothing reaches it */
    uint32_t *object; /* by node: the object, or GOHEAP_NONE - owner */
    uint32_t *idom;   /* by node */
    uint32_t *leaf;   /* by object - scanned: the node that alone keeps it, GOHEAP_NONE when nothing reaches it */
    uint16_t *at;     /* by node: the word of its dominator that points to it; GOEDGES_FAR - 1 when none does, so it is shared */
    uint16_t *leaf_at;
    uint32_t *into_rows, *into; /* by node: the nodes that point to it, from into_rows[node] up to into_rows[node + 1] */
    uint32_t count;   /* of nodes */
    uint32_t owners;
};

#define GODOMINATE_SHARED (GOEDGES_FAR - 1)

/* roots: rows of object, owner (from 0 up to owners), word of the owner. Returns 0, or -1 for no memory. */
int godominate(struct godominators *found, const struct goedges *edges, const uint32_t *roots, size_t count, uint32_t owners);
void godominate_close(struct godominators *found);

#endif
