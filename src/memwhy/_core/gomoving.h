/* A heap that moved: how an older look at it stands to a newer list of its spans, so that only what was touched is read again.
 *
 * A span tells by itself whether objects were given out in it: each moves freeindex and allocCount, each sweep replaces allocBits
 * (runtime/malloc.go, nextFreeFast; runtime/mgcsweep.go). What is written into objects that were there before it does not tell. */
#ifndef MEMWHY_GOMOVING_H
#define MEMWHY_GOMOVING_H

#include "goedges.h"

struct gomoving {
    const struct goheap *older;
    const struct goedges *edges; /* of the older look */
    uint32_t *span;              /* by newer span: 1 + the older one that it is, 0: there was none */
    uint8_t *touched;            /* by newer span: objects were, or may have been, given out in it since */
    uint32_t *number;            /* by older object: its number now, GOHEAP_NONE: it is gone; NULL: all are as they were */
    uint64_t touched_bytes;      /* of spans with pointers, new ones included */
    int changed;                 /* a span was touched, came or went */
};

/* 0, or -1 for no memory. */
int gomoving_compare(struct gomoving *moving, const struct goedges *edges, const struct goheap *newer);
int gomoving_renumber(struct gomoving *moving, const struct goheap *newer); /* fills `number` */
void gomoving_close(struct gomoving *moving);

/* For goedges_read: the edges of a span that was not touched, from the older look; and the types that are still true. */
int gomoving_keep(struct goedges *edges, uint32_t span);
void gomoving_types(struct goedges *edges);

/* The number now of what an older look gave a number: *begins tells of those that waited whether they point to a beginning, else it is as it was. */
uint32_t gomoving_number(const struct gomoving *moving, const struct goheap *newer, uint32_t number, uint8_t *begins);

/* A bit an object: it was made since `moving` was the older look; it was free when `newer` was listed, so what it holds is not known.
 * born_bytes: of the first. The bitmaps have newer->objects / 8 + 1 bytes of zeros. Returns 0, or -1 for no memory. */
int gomoving_born(const struct gomoving *moving, const struct goheap *newer, const struct memory *memory, uint8_t *born, uint8_t *unread,
                  uint64_t *born_bytes);

#endif
