#include "goreach.h"

#include "worklist.h"

static int step(const struct goedges *edges, const struct worklist *now, struct worklist *next, uint16_t *labels)
{
    for (size_t i = 0; i < now->count; i++) {
        uint32_t from = now->items[i];
        for (uint32_t e = edges->rows[from]; e < edges->rows[from + 1]; e++) {
            uint32_t to = edges->to[e];
            if (labels[to])
                continue;
            labels[to] = labels[from];
            if (to < edges->heap->scanned && worklist_put(next, to))
                return -1;
        }
    }
    return 0;
}

static void weigh(const struct goheap *heap, const uint16_t *labels, uint64_t *totals)
{
    for (uint32_t s = 0; s < heap->span_count; s++) {
        const struct goheap_span *span = &heap->spans[s];
        for (uint32_t i = 0; i < span->count; i++) {
            uint16_t label = labels[span->first + i];
            totals[2 * label] += label != 0;
            totals[2 * label + 1] += label ? span->element : 0;
        }
    }
}

int goreach(const struct goedges *edges, const uint32_t *roots, size_t count, uint16_t *labels, uint64_t *totals)
{
    struct worklist now = {0}, next = {0}, swap;
    int bad = 0;

    for (size_t i = 0; i < count && !bad; i++) {
        uint32_t object = roots[2 * i];
        if (object >= edges->heap->objects || labels[object])
            continue;
        labels[object] = (uint16_t)roots[2 * i + 1];
        if (object < edges->heap->scanned)
            bad = worklist_put(&now, object);
    }
    while (!bad && now.count) {
        next.count = 0;
        bad = step(edges, &now, &next, labels);
        swap = now;
        now = next;
        next = swap;
    }
    if (!bad)
        weigh(edges->heap, labels, totals);
    free(now.items);
    free(next.items);
    return bad;
}
