/* The tree of dominators in some hundred lines: what has the same type and hangs at the same field of the same group is one group. */
#ifndef MEMWHY_GOGROUPS_H
#define MEMWHY_GOGROUPS_H

#include "godominate.h"

#define GOGROUPS_MOST (1u << 18)
#define GOGROUPS_BY 4
#define GOGROUPS_OWNER UINT32_C(0x80000000) /* plus the owner */
#define GOGROUPS_SIZE UINT32_C(0x10000)     /* plus the words of an object without a type */

/* key: a type's row, or one of the above. Group 0 is the whole heap; a group stands behind its parent. */
struct gogroup {
    uint32_t parent, key, at, next; /* next: in the table of places */
    uint64_t count, bytes;          /* of its own objects */
    uint32_t by[GOGROUPS_BY];       /* of what is shared: GOGROUPS_OWNER + owner, or groups that are shared themselves; 0: no more */
};

struct gogroups {
    struct gogroup *rows;
    uint32_t count, room;
    uint32_t *places;
};

int gogroups_make(struct gogroups *groups, const struct goedges *edges, const struct godominators *found);
void gogroups_close(struct gogroups *groups);

#endif
