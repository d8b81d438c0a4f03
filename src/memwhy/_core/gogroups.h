/* The tree of dominators in some hundred lines: what has the same type and hangs at the same field of the same group is one group. */
#ifndef MEMWHY_GOGROUPS_H
#define MEMWHY_GOGROUPS_H

#include "godominate.h"

#define GOGROUPS_MOST (1u << 18)
#define GOGROUPS_BY 8
#define GOGROUPS_OWNER UINT32_C(0x80000000) /* plus the owner */
#define GOGROUPS_SIZE UINT32_C(0x10000)     /* plus the words of an object without a type; 0: a block of tiny ones */

/* key: a type's row, or one of the above. Group 0 is the whole heap; a group stands behind its parent. */
struct gogroup {
    uint32_t parent, key, at, next; /* next: in the table of places */
    uint64_t count, bytes;          /* of its own objects */
    uint32_t by[GOGROUPS_BY];       /* of what is shared, who points to it: groups; below group 0 GOGROUPS_OWNER + owner, or groups there; 0: no more */
};

/* of_node: by node its group. */
struct gogroups {
    struct gogroup *rows;
    uint32_t count, room;
    uint32_t *places;
    uint32_t *of_node;
};

/* An empty tree. 0, or -1 for no memory; to be closed either way. */
int gogroups_open(struct gogroups *groups);
void gogroups_close(struct gogroups *groups);

/* The group of that kind below another; its parent where there is no room for more. Returns GOHEAP_NONE for no memory. */
uint32_t gogroups_below(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at);

/* The same for an object below a node of a group: what has the type of a group above it is of that group. */
uint32_t gogroups_of(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at);

/* A type's row, or the size where there is none. */
uint32_t gogroups_key(const struct goedges *edges, uint32_t object, uint64_t element);

/* An object of a group; -1 for GOHEAP_NONE. */
int gogroups_add(struct gogroups *groups, uint32_t group, uint64_t bytes);

/* 0, -1 for no memory, 1 when the tick of the roots says so. After it `found->leaf` tells groups, not nodes. */
int gogroups_make(struct gogroups *groups, const struct goedges *edges, struct godominators *found);

#endif
