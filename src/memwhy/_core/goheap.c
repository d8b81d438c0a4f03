#include "goheap.h"

#include <stdlib.h>

_Static_assert(sizeof(struct goheap_span) == 64, "one line of the cache");

static int is_sane(const struct goheap_span *span)
{
    return span->start % GOHEAP_PAGE == 0 && span->end % GOHEAP_PAGE == 0 && span->start < span->end &&
           span->end >> GOHEAP_ARENA_SHIFT < GOHEAP_ARENAS && span->element >= 8 && span->count > 0 &&
           span->count <= (span->end - span->start) / span->element && span->kind <= GOHEAP_CONSERVATIVE;
}

/* mspan.sweepgen (runtime/mheap.go): while a span is cached by a scheduler it is 3 more than when it was swept, and odd. */
static uint32_t swept_in(uint32_t sweepgen)
{
    return sweepgen % 2 ? sweepgen - 3 : sweepgen;
}

static int number(struct goheap *heap)
{
    uint64_t next = 0;
    uint32_t listed = 0;

    for (int noscan = 0; noscan < 2; noscan++) {
        for (uint32_t i = 0; i < heap->span_count; i++) {
            struct goheap_span *span = &heap->spans[i];
            if ((span->kind == GOHEAP_NOSCAN) != noscan)
                continue;
            if (next + span->count >= GOHEAP_NONE)
                return -2;
            span->first = (uint32_t)next;
            next += span->count;
            heap->by_number[listed++] = i;
        }
        if (!noscan)
            heap->scanned = (uint32_t)next;
    }
    heap->objects = (uint32_t)next;
    return 0;
}

/* Numbers are looked up for every object, and a search through all spans would be the dearest of all steps. */
static int index_numbers(struct goheap *heap)
{
    size_t steps = heap->objects / GOHEAP_STEP + 2;
    uint32_t place = 0;

    heap->near = calloc(steps, sizeof *heap->near);
    if (heap->near == NULL)
        return -1;
    for (size_t step = 0; step < steps; step++) {
        while (place + 1 < heap->span_count && heap->spans[heap->by_number[place + 1]].first <= step * GOHEAP_STEP)
            place++;
        heap->near[step] = place;
    }
    return 0;
}

static int index_arenas(struct goheap *heap)
{
    for (uint32_t i = 0; i < heap->span_count; i++)
        for (uint64_t a = heap->spans[i].start >> GOHEAP_ARENA_SHIFT; a <= (heap->spans[i].end - 1) >> GOHEAP_ARENA_SHIFT; a++)
            if (heap->arenas[a] == 0)
                heap->arenas[a] = ++heap->arena_count;
    heap->pages = calloc((size_t)heap->arena_count * GOHEAP_ARENA_PAGES + 1, sizeof *heap->pages);
    if (heap->pages == NULL)
        return -1;
    for (uint32_t i = 0; i < heap->span_count; i++)
        for (uint64_t at = heap->spans[i].start; at < heap->spans[i].end; at += GOHEAP_PAGE)
            heap->pages[(size_t)(heap->arenas[at >> GOHEAP_ARENA_SHIFT] - 1) * GOHEAP_ARENA_PAGES +
                        (at >> 13 & (GOHEAP_ARENA_PAGES - 1))] = i + 1;
    return 0;
}

int goheap_open(struct goheap *heap, const uint64_t *rows, size_t count)
{
    if (count >= GOHEAP_NONE)
        return -2;
    *heap = (struct goheap){.span_count = (uint32_t)count};
    heap->spans = aligned_alloc(sizeof *heap->spans, (count + 1) * sizeof *heap->spans);
    heap->by_number = calloc(count + 1, sizeof *heap->by_number);
    heap->arenas = calloc(GOHEAP_ARENAS, sizeof *heap->arenas);
    if (heap->spans == NULL || heap->by_number == NULL || heap->arenas == NULL)
        return -1;
    for (size_t i = 0; i < count; i++, rows += GOHEAP_ROW) {
        struct goheap_span *span = &heap->spans[i];
        if (rows[3] > UINT32_MAX || rows[4] > GOHEAP_CONSERVATIVE)
            return -2;
        *span = (struct goheap_span){
            .start = rows[0], .end = rows[1], .element = rows[2], .count = (uint32_t)rows[3], .kind = (uint8_t)rows[4],
            .type = rows[5], .free = (uint16_t)rows[6], .taken = (uint16_t)(rows[6] >> 16), .swept = swept_in((uint32_t)(rows[6] >> 32)), .bits = rows[7],
        };
        if (!is_sane(span) || (i && span->start < span[-1].end))
            return -2;
        span->magic = span->element <= UINT32_MAX ? UINT32_MAX / (uint32_t)span->element + 1 : 0;
    }
    return index_arenas(heap) || number(heap) || index_numbers(heap) ? -1 : 0;
}

void goheap_close(struct goheap *heap)
{
    free(heap->spans);
    free(heap->by_number);
    free(heap->near);
    free(heap->arenas);
    free(heap->pages);
}

const struct goheap_span *goheap_span_of(const struct goheap *heap, uint32_t object)
{
    uint32_t low = heap->near[object / GOHEAP_STEP], high = heap->near[object / GOHEAP_STEP + 1] + 1;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (heap->spans[heap->by_number[middle]].first <= object)
            low = middle;
        else
            high = middle;
    }
    return &heap->spans[heap->by_number[low]];
}
