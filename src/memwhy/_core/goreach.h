/* What is reached from where: every object gets the root that is nearest to it. */
#ifndef MEMWHY_GOREACH_H
#define MEMWHY_GOREACH_H

#include "goedges.h"

/* roots: pairs of object, label (1 to 65535). labels: one a object, 0 where nothing led to it. Returns 0, or -1 for no memory.
 * totals: pairs of objects, bytes by label. */
int goreach(const struct goedges *edges, const uint32_t *roots, size_t count, uint16_t *labels, uint64_t *totals);

#endif
