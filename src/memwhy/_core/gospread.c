#include "gospread.h"

#include "worklist.h"

/* Whether an object has a pointer in its first word: so a map's directory is told from its one group. */
static int begins_with_pointer(const struct goedges *edges, uint32_t object)
{
    return object < edges->heap->scanned && edges->rows[object] < edges->rows[object + 1] &&
           (edges->at[edges->rows[object]] & GOEDGES_FAR) == 0;
}

/* A map's directory and tables have descriptors that all maps share; as parts of one map they say more. */
static int says_more(const struct gotypes *kinds, uint32_t row, uint32_t than)
{
    const struct gotype *type = &kinds->rows[row], *other = &kinds->rows[than];

    return type->kind == GOTYPE_MADE && (type->address % 8 == GOTYPES_DIRECTORY || type->address % 8 == GOTYPES_TABLE) &&
           other->kind != GOTYPE_MADE && other->kind != GOTYPE_CLOSURE;
}

static int assign(struct goedges *edges, uint32_t object, uint32_t row)
{
    const struct gotype *type = &edges->kinds->rows[row];

    if (type->either_bytes)
        row = type->either[goheap_span_of(edges->heap, object)->element >= type->either_bytes];
    else if (type->either[0] || type->either[1])
        row = type->either[!begins_with_pointer(edges, object)];
    if (edges->types[object] && !says_more(edges->kinds, row, edges->types[object]))
        return 0;
    if (object >= edges->heap->scanned && edges->kinds->rows[row].size < GOEDGES_TINY &&
        goheap_span_of(edges->heap, object)->element == GOEDGES_TINY)
        return 0;
    if (row == 0 || edges->kinds->rows[row].size > goheap_span_of(edges->heap, object)->element)
        return 0;
    edges->types[object] = (uint16_t)row;
    return 1;
}

void gospread_seed(struct goedges *edges, uint32_t object, uint32_t row)
{
    if (object < edges->heap->objects && row < edges->kinds->count && assign(edges, object, row))
        edges->kinds->rows[edges->types[object]].followed = 0;
}

static int spread(struct goedges *edges, uint32_t object, struct worklist *work)
{
    const struct gotype *type = &edges->kinds->rows[edges->types[object]];
    uint64_t words = type->size / 8, base = 0;
    size_t next = goedges_base_at(edges, edges->rows[object]);

    for (uint32_t e = edges->rows[object]; e < edges->rows[object + 1]; e++) {
        uint32_t at = edges->at[e], to = edges->to[e], row;
        for (; next < edges->base_count && edges->bases[next].edge <= e; next++)
            base = (uint64_t)edges->bases[next].base * GOEDGES_STEP;
        if (at >= GOEDGES_FAR || words == 0)
            continue;
        row = type->words_to[(base + at) % words];
        if (row && assign(edges, to, row) && to < edges->heap->scanned && worklist_put(work, to))
            return -1;
    }
    return 0;
}

/* The pointers of an object are followed once its type tells what stands behind them; of types that told that in an earlier round they were. */
static int is_followed(const struct goedges *edges, uint32_t object)
{
    return edges->types[object] == 0 || edges->kinds->rows[edges->types[object]].followed || edges->rows[object] == edges->rows[object + 1];
}

int gospread(struct goedges *edges, uint8_t *wanted)
{
    struct worklist work = {0};
    int bad = 0;

    for (uint32_t first = 0; first < edges->heap->scanned && !bad; first++) {
        if (is_followed(edges, first))
            continue;
        bad = worklist_put(&work, first);
        while (work.count && !bad) {
            uint32_t object = work.items[--work.count];
            if (edges->kinds->rows[edges->types[object]].words_to)
                bad = spread(edges, object, &work);
            else
                wanted[edges->types[object]] = 1;
        }
    }
    free(work.items);
    for (uint32_t row = 1; row < edges->kinds->count && !bad; row++)
        edges->kinds->rows[row].followed = edges->kinds->rows[row].words_to != NULL;
    return bad;
}

static void settle(struct goedges *edges, uint32_t object)
{
    const struct gotype *type = &edges->kinds->rows[edges->types[object]];
    uint64_t words = edges->types[object] && type->words_to ? type->size / 8 : 0, base = 0, place;
    size_t next = goedges_base_at(edges, edges->rows[object]);

    for (uint32_t e = edges->rows[object]; e < edges->rows[object + 1]; e++) {
        for (; next < edges->base_count && edges->bases[next].edge <= e; next++)
            base = (uint64_t)edges->bases[next].base * GOEDGES_STEP;
        if ((edges->at[e] & GOEDGES_FAR) == GOEDGES_FAR)
            continue;
        place = base + (edges->at[e] & GOEDGES_FAR);
        if (words)
            place %= words;
        edges->at[e] = (uint16_t)((edges->at[e] & GOEDGES_INTERIOR) | (place < GOEDGES_STEP ? place : GOEDGES_FAR));
    }
}

void gospread_settle(struct goedges *edges)
{
    for (uint32_t object = 0; object < edges->heap->scanned; object++)
        settle(edges, object);
    edges->base_count = 0;
}
