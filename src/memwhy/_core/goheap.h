/* The objects of a Go heap as numbers, and which of their words are pointers.
 *
 * Objects of all spans are numbered from 0: first those of spans with pointers, in address order, then the others. So
 * what can only be pointed to needs no row of edges. Sources: runtime/mheap.go, runtime/mbitmap.go, internal/abi/type.go. */
#ifndef MEMWHY_GOHEAP_H
#define MEMWHY_GOHEAP_H

#include "memory.h"

#include <stddef.h>
#include <stdint.h>

#define GOHEAP_NONE UINT32_MAX
#define GOHEAP_PAGE 8192u
#define GOHEAP_ROW 8
#define GOHEAP_GROWTH (UINT64_C(4) << 30)
#define GOHEAP_ARENA_SHIFT 26
#define GOHEAP_ARENAS (1u << 21) /* of 47 bits of addresses */
#define GOHEAP_ARENA_PAGES (1u << (GOHEAP_ARENA_SHIFT - 13))

#define GOHEAP_STEP 128u

/* Where a span says which words are pointers; rows come with these numbers from runtimes/go/heap_objects.py. */
enum goheap_kind {
    GOHEAP_NOSCAN = 0,       /* no word is */
    GOHEAP_INLINE = 1,       /* a bitmap at the span's end (Go >= 1.22, up to 512 bytes) */
    GOHEAP_HEADER = 2,       /* the object's first word is its type (Go >= 1.22) */
    GOHEAP_LARGE = 3,        /* mspan.largeType (Go >= 1.22) */
    GOHEAP_ARENA = 4,        /* the arena's bitmap (Go 1.20, 1.21) */
    GOHEAP_CONSERVATIVE = 5, /* nobody says: each that points to an object */
};

/* 64 bytes: looked up for every pointer, in no order, so one line of the cache each. */
struct goheap_span {
    uint64_t start, end; /* of its pages */
    uint64_t type;       /* of GOHEAP_LARGE */
    uint64_t element;
    uint64_t bits;       /* mspan.allocBits: an address; each sweep gives it another */
    uint32_t first;      /* the number of its first object */
    uint32_t count;
    uint32_t magic;      /* for division by the element's size, as mspan.divMul */
    uint32_t swept;      /* the collector's cycle in which it was swept last: each adds 2 */
    uint16_t free;       /* mspan.freeindex: below it every object is taken */
    uint16_t taken;      /* mspan.allocCount */
    uint8_t kind;
};

struct goheap {
    struct goheap_span *spans; /* in address order */
    uint32_t span_count;
    uint32_t *arenas;          /* arena -> 1 + its place in pages, 0 for none */
    uint32_t *pages;           /* page of an arena -> 1 + span */
    uint32_t arena_count;
    uint32_t *by_number;       /* spans in the order of their objects' numbers */
    uint32_t *near;            /* number / GOHEAP_STEP -> where in by_number its span stands, or shortly before it */
    uint32_t scanned;          /* objects of spans with pointers */
    uint32_t objects;          /* all */
};

/* rows: GOHEAP_ROW uint64 each, in address order: start, end, element, count, kind, type, free + (taken << 16) + (sweepgen << 32), bits. Returns 0, -1 for no memory, -2 for rows that make no sense. */
int goheap_open(struct goheap *heap, const uint64_t *rows, size_t count);
void goheap_close(struct goheap *heap);

/* The span of a number; numbers come from goheap_find. */
const struct goheap_span *goheap_span_of(const struct goheap *heap, uint32_t object);

static inline const struct goheap_span *goheap_span_at(const struct goheap *heap, uint64_t address)
{
    uint64_t arena = address >> GOHEAP_ARENA_SHIFT;
    uint32_t place, span;

    if (arena >= GOHEAP_ARENAS || (place = heap->arenas[arena]) == 0)
        return NULL;
    span = heap->pages[(size_t)(place - 1) * GOHEAP_ARENA_PAGES + (address >> 13 & (GOHEAP_ARENA_PAGES - 1))];
    return span ? &heap->spans[span - 1] : NULL;
}

/* May a heap have an object there that is newer than its spans are? It grows upwards from its first arena (mheap.arenaHints), and fills gaps. */
static inline int goheap_may_grow_to(const struct goheap *heap, uint64_t address)
{
    return heap->span_count && address >> GOHEAP_ARENA_SHIFT >= heap->spans[0].start >> GOHEAP_ARENA_SHIFT &&
           address < heap->spans[heap->span_count - 1].end + GOHEAP_GROWTH;
}

static inline uint32_t goheap_index(const struct goheap_span *span, uint64_t address)
{
    uint64_t offset = address - span->start;

    return span->count == 1 ? (offset < span->element ? 0 : 1) : (uint32_t)((offset * span->magic) >> 32);
}

/* The number of the object that an address lies in, and its span; GOHEAP_NONE for none. */
static inline uint32_t goheap_find_in(const struct goheap *heap, uint64_t address, const struct goheap_span **in)
{
    const struct goheap_span *span = *in = goheap_span_at(heap, address);
    uint32_t index;

    if (span == NULL || address < span->start)
        return GOHEAP_NONE;
    index = goheap_index(span, address);
    return index < span->count ? span->first + index : GOHEAP_NONE;
}

/* The same without its span. */
static inline uint32_t goheap_find(const struct goheap *heap, uint64_t address)
{
    const struct goheap_span *span;

    return goheap_find_in(heap, address, &span);
}

/* Where an object's values begin, so what Go's pointers to it are: behind the type of GOHEAP_HEADER. */
static inline uint64_t goheap_values(const struct goheap_span *span, uint32_t object)
{
    return span->start + (uint64_t)(object - span->first) * span->element + (span->kind == GOHEAP_HEADER ? 8 : 0);
}

/* Whether an address is that of the object that it lies in, not one inside it. */
static inline int goheap_begins(const struct goheap *heap, uint32_t object, uint64_t address)
{
    const struct goheap_span *span = goheap_span_at(heap, address);

    return address == goheap_values(span, object);
}

#endif
