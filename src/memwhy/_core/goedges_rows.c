#include "goedges.h"

#include "huge.h"

#include <stdlib.h>

#define SPARE 64 /* a heap that is read again has as many edges as before, and one in so many more */

int goedges_open(struct goedges *edges, const struct goheap *heap, struct gotypes *kinds, const struct memory *memory)
{
    *edges = (struct goedges){.heap = heap, .kinds = kinds, .memory = memory, .room = 1u << 16};
    edges->rows = huge_zeroed((size_t)heap->scanned + 1, sizeof *edges->rows);
    edges->types = huge_zeroed((size_t)heap->objects + 1, sizeof *edges->types);
    edges->to = malloc(edges->room * sizeof *edges->to);
    edges->at = malloc(edges->room * sizeof *edges->at);
    return edges->rows && edges->types && edges->to && edges->at ? 0 : -1;
}

void goedges_close(struct goedges *edges)
{
    free(edges->rows);
    free(edges->types);
    free(edges->to);
    free(edges->at);
    free(edges->bases);
    free(edges->waiting);
    free(edges->lost);
}

static int set_room(struct goedges *edges, uint64_t room)
{
    uint32_t *to;
    uint16_t *at;

    to = huge_more(edges->to, room, sizeof *to);
    if (to == NULL)
        return -1;
    edges->to = to;
    at = huge_more(edges->at, room, sizeof *at);
    if (at == NULL)
        return -1;
    edges->at = at;
    edges->room = room;
    return 0;
}

int goedges_reserve(struct goedges *edges, uint64_t count)
{
    uint64_t room = count + count / SPARE;

    if (edges->most && room > edges->most)
        room = edges->most;
    return room <= edges->room || room >= UINT32_MAX ? 0 : set_room(edges, room);
}

int goedges_grow(struct goedges *edges)
{
    uint64_t room = edges->room + edges->room / 2;

    if (room >= UINT32_MAX)
        return -2;
    if (edges->most && room > edges->most)
        room = edges->most;
    return room <= edges->room ? -1 : set_room(edges, room);
}

int goedges_add_base(struct goedges *edges, uint32_t base)
{
    if (edges->base_count == edges->base_room) {
        size_t room = edges->base_room ? 2 * edges->base_room : 256;
        struct goedges_base *more = realloc(edges->bases, room * sizeof *more);
        if (more == NULL)
            return -1;
        edges->bases = more;
        edges->base_room = room;
    }
    edges->bases[edges->base_count++] = (struct goedges_base){(uint32_t)edges->count, base};
    edges->base = base;
    return 0;
}

size_t goedges_base_at(const struct goedges *edges, uint32_t edge)
{
    size_t low = 0, high = edges->base_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (edges->bases[middle].edge < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t goedges_wait(struct goedges *edges, uint64_t address, uint32_t row)
{
    uint64_t number = (uint64_t)edges->heap->objects + edges->waiting_count;

    if (address != 0 && !goheap_may_grow_to(edges->heap, address))
        return GOHEAP_NONE;
    if (edges->waiting_count == GOEDGES_WAITING_MOST || number >= GOHEAP_NONE) {
        edges->unresolved++;
        return GOHEAP_NONE;
    }
    if (edges->waiting_count == edges->waiting_room) {
        uint32_t room = edges->waiting_room ? 2 * edges->waiting_room : 1024;
        struct goedges_waiting *more = realloc(edges->waiting, room * sizeof *more);
        if (more == NULL)
            return GOHEAP_NONE;
        edges->waiting = more;
        edges->waiting_room = room;
    }
    edges->waiting[edges->waiting_count++] = (struct goedges_waiting){address, row};
    return (uint32_t)number;
}

/* Moves the edges of one object down to `into`, without those that wait. from: which of `bases` comes next, and where the next one is written. */
static uint32_t close_gaps(struct goedges *edges, uint32_t object, uint32_t first, uint32_t into, size_t from[2])
{
    uint32_t base = 0, written = 0;

    for (uint32_t e = first; e < edges->rows[object + 1]; e++) {
        for (; from[0] < edges->base_count && edges->bases[from[0]].edge <= e; from[0]++)
            base = edges->bases[from[0]].base;
        if (edges->to[e] >= edges->heap->objects) {
            edges->lost[edges->lost_count++] = object;
            continue;
        }
        if (base != written)
            edges->bases[from[1]++] = (struct goedges_base){into, written = base};
        edges->to[into] = edges->to[e];
        edges->at[into++] = edges->at[e];
    }
    return into;
}

int goedges_wait_no_longer(struct goedges *edges)
{
    uint32_t first = 0, into = 0;
    size_t from[2] = {0, 0};

    if (edges->waiting_count == 0)
        return 0;
    free(edges->lost);
    edges->lost_count = 0;
    edges->lost = malloc(edges->waiting_count * sizeof *edges->lost);
    if (edges->lost == NULL)
        return -1;
    for (uint32_t object = 0; object < edges->heap->scanned; object++) {
        uint32_t begins = into;
        into = close_gaps(edges, object, first, into, from);
        first = edges->rows[object + 1];
        edges->rows[object] = begins;
    }
    edges->rows[edges->heap->scanned] = into;
    edges->count = into;
    edges->base_count = from[1];
    edges->unresolved += edges->lost_count;
    edges->waiting_count = 0;
    return 0;
}
