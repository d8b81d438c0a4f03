/* Which object of a Go heap points to which: one pass over the spans with pointers, in address order. */
#ifndef MEMWHY_GOEDGES_H
#define MEMWHY_GOEDGES_H

#include "goheap.h"
#include "gotypes.h"

#define GOEDGES_FAR 0x7fffu      /* a place that is not known */
#define GOEDGES_STEP 0x7ffeu     /* of a place further in the rest stands at the edge, the multiple in `bases` */
#define GOEDGES_WAITING_MOST (1u << 21)
#define GOEDGES_INTERIOR 0x8000u /* added where the pointer is not to the object's beginning: it tells no type */

struct gomoving;

#define GOEDGES_TINY 16u /* runtime.maxTinySize: smaller values without pointers share such blocks, so none of them has one type */

/* What differs by version, and what may be read. */
struct goedges_way {
    uint64_t tail_bytes;      /* behind the bitmap of GOHEAP_INLINE: spanInlineMarkBits of Green Tea, else 0 */
    const uint64_t *resident; /* rows start, end in address order; nothing outside them is read */
    size_t resident_count;
    const uint64_t *arenas;   /* of GOHEAP_ARENA: rows of arena number, address of its heapArena; by number */
    size_t arena_count;
    uint64_t bitmap, no_more; /* offsets of bitmap and noMorePtrs there */
    uint64_t types[2], text[2];
    const uint64_t *itabs;    /* rows of address, the type that it is for; by address */
    size_t itab_count;
    uint64_t lowest;          /* of types and itabs */
};

/* From this edge on, up to the next base or the object's end, `base` times GOEDGES_STEP comes on top of `at`. */
struct goedges_base {
    uint32_t edge, base;
};

struct goedges_waiting {
    uint64_t address; /* 0: it waits for nothing */
    uint32_t row; /* of the type, where an interface told it */
};

/* The edges of object i are rows[i] up to rows[i + 1]. at: which word of the object (of an array of a known type: of its
 * element) holds the pointer. types: row of gotypes by object, 0 where nothing tells it: known is it from the object's own
 * header, from an interface that holds the object, and of closures from their first word. */
struct goedges {
    uint32_t *rows, *to;
    uint16_t *at, *types;
    uint64_t count, room;
    uint64_t most; /* edges that there is memory for; 0: nobody said */
    struct goedges_base *bases; /* few: only large objects whose type is not told by themselves have any */
    size_t base_count, base_room;
    uint32_t base; /* of the last edge */
    uint64_t read_bytes;
    struct goedges_waiting *waiting; /* pointers to what is newer than the list of spans: `to` is the heap's objects and their place here */
    uint32_t waiting_count, waiting_room;
    uint32_t *lost;      /* after goedges_wait_no_longer: the objects that held them, one for each */
    uint32_t lost_count;
    uint64_t unresolved; /* pointers that were not followed */
    const struct gomoving *moving; /* the older look whose edges are kept where nothing moved, or NULL */
    const struct goheap *heap;
    struct gotypes *kinds;
    const struct memory *memory;
    const struct goedges_way *way;
};

typedef int (*goedges_tick)(void *context, uint64_t read_bytes);

int goedges_open(struct goedges *edges, const struct goheap *heap, struct gotypes *kinds, const struct memory *memory);
void goedges_close(struct goedges *edges);

/* The place of the first of `bases` that is at an edge or behind it. */
size_t goedges_base_at(const struct goedges *edges, uint32_t edge);

/* Of a range, what `way` calls resident into a buffer, and zeros for the rest. */
void goedges_read_resident(struct goedges *edges, uint64_t start, uint64_t end, uint8_t *into);

/* 0, -1 for no memory, -2 for too many edges, 1 when tick returned something else than 0. */
int goedges_read(struct goedges *edges, const struct goedges_way *way, goedges_tick tick, void *context);

int goedges_reserve(struct goedges *edges, uint64_t count); /* room for about so many edges; 0, or -1 for no memory */
int goedges_grow(struct goedges *edges);
int goedges_add_base(struct goedges *edges, uint32_t base);

static inline void goedges_begin(struct goedges *edges, uint32_t object)
{
    edges->rows[object] = (uint32_t)edges->count;
    edges->base = 0;
}

/* An edge of the object that was begun last. 0, -1, -2 as goedges_read. */
static inline int goedges_put(struct goedges *edges, uint32_t to, uint64_t place, uint16_t interior)
{
    int bad;

    if (edges->count == edges->room && (bad = goedges_grow(edges)) != 0)
        return bad;
    if (place / GOEDGES_STEP != edges->base && goedges_add_base(edges, (uint32_t)(place / GOEDGES_STEP)))
        return -1;
    edges->to[edges->count] = to;
    edges->at[edges->count++] = (uint16_t)(place % GOEDGES_STEP | interior);
    return 0;
}

/* The number that stands for an address until a newer list of spans has it; GOHEAP_NONE where it can be no object's, or too many wait.
 * row: its type, 0 where nobody told. */
uint32_t goedges_wait(struct goedges *edges, uint64_t address, uint32_t row);

/* Lets go of the edges that still wait: they are counted. Only then may others walk along the edges. 0, or -1 for no memory. */
int goedges_wait_no_longer(struct goedges *edges);

#endif
