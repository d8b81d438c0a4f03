/* A heap that moved: how an older look at it stands to a newer list of its spans, so that only what was touched is read again.
 *
 * A span tells by itself whether objects were given out in it: each moves freeindex and allocCount, each sweep replaces allocBits
 * (runtime/malloc.go, nextFreeFast; runtime/mgcsweep.go). What is written into objects that were there before it does not tell. */
#ifndef MEMWHY_GOMOVING_H
#define MEMWHY_GOMOVING_H

#include "goedges.h"
#include "gospans.h"

#define GOMOVING_MARKS 128u /* bytes of allocBits: 8 KiB of 8 bytes each have the most objects */

/* What becomes of objects in spans that were read before. */
enum gomoving_how {
    GOMOVING_LOSES = 0,   /* those of touched spans are read again; of the others a pointer to what is gone is lost */
    GOMOVING_REREADS = 1, /* an object that points to what is gone was written to: it is read again, too */
    GOMOVING_CLOSES = 2,  /* all stay as they were read, with what they led to: only spans that are new are read. It takes the least time, so the
                             least that is read in it is newer than its list of spans */
};

struct gomoving {
    const struct goheap *older;
    const struct goedges *edges; /* of the older look */
    uint32_t *span;              /* by newer span: 1 + the older one that it is, 0: there was none */
    uint8_t *touched;            /* by newer span: objects were, or may have been, given out in it since */
    uint32_t *number;            /* by older object: its number now, GOHEAP_NONE: it is gone; NULL: all are as they were */
    uint64_t touched_bytes;      /* of spans with pointers, new ones included */
    uint8_t *marks;              /* GOMOVING_MARKS bytes by newer span: which objects the collector left there, of those that it went through;
                                    NULL: it went through none, or nobody knows */
    enum gomoving_how how;
    int changed;                 /* a span was touched, came or went */
};

/* 0, or -1 for no memory. */
int gomoving_compare(struct gomoving *moving, const struct goedges *edges, const struct goheap *newer);

/* How the list of spans is read once more. */
struct gomoving_relist {
    const struct memory *memory;
    const struct gospans_form *form;
    const uint64_t *pointers;
    size_t count;
};

/* Fills `marks`. A span's bits are given out anew after it was swept again (runtime/mheap.go, nextMarkBitArenaEpoch): only where it still has the
 * same when they have been read, are they believed; else all its objects count as left there. 0, or -1 for no memory. */
int gomoving_mark(struct gomoving *moving, const struct goheap *newer, const struct gomoving_relist *relist);

int gomoving_renumber(struct gomoving *moving, const struct goheap *newer); /* fills `number`, after gomoving_mark */

/* What spans that stayed say of themselves is set back to when they were read: what was given out in them since, nobody has read. */
void gomoving_as_read(const struct gomoving *moving, struct goheap *newer);
void gomoving_close(struct gomoving *moving);

/* For goedges_read. Does an object of a span that was not touched point to what is gone? Then it was written to. Else: the span's edges, from the
 * older look. And the types that are still true. */
int gomoving_is_stale(const struct goedges *edges, uint32_t span);
int gomoving_keep(struct goedges *edges, uint32_t span);
void gomoving_types(struct goedges *edges);

/* The number now of what an older look gave a number: *begins tells of those that waited whether they point to a beginning, else it is as it was. */
uint32_t gomoving_number(const struct gomoving *moving, const struct goheap *newer, uint32_t number, uint8_t *begins);

/* A bit an object: it was made since `moving` was the older look; it was free when `newer` was listed, so what it holds is not known.
 * born_bytes: of the first. The bitmaps have newer->objects / 8 + 1 bytes of zeros. Returns 0, or -1 for no memory. */
int gomoving_born(const struct gomoving *moving, const struct goheap *newer, const struct gomoving_relist *relist, uint8_t *born, uint8_t *unread,
                  uint64_t *born_bytes);

#endif
