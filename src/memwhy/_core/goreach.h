/* Whose objects are: the root that is fewest pointers away. A first answer, for a third of the time and memory of dominators. */
#ifndef MEMWHY_GOREACH_H
#define MEMWHY_GOREACH_H

#include "gogroups.h"

/* Bytes that `goreach` needs at most at one time besides the edges. */
uint64_t goreach_bytes(const struct goheap *heap);

/* groups: of each owner the types of what it reaches first, straight below it. 0, -1 for no memory, 1 when the tick of the roots says so.
 * met: a bit an object that is reached, to be freed by the caller. */
int goreach(struct gogroups *groups, const struct goedges *edges, const struct goroots *roots, uint8_t **met);

#endif
