#include "gomoving.h"

#include "bits.h"
#include "huge.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 1024u

/* Whether objects may have been given out in a span between two looks at it. Of one that was full, that was swept once and from which nothing was
 * given out since, the objects are among those that were there. */
static int is_touched(const struct goheap_span *was, const struct goheap_span *is)
{
    if (was->bits == is->bits)
        return was->free != is->free || was->taken != is->taken || was->swept != is->swept;
    return is->free != 0 || was->taken != was->count || is->swept - was->swept != 2;
}

static int is_same(const struct goheap_span *was, const struct goheap_span *is)
{
    return was->start == is->start && was->end == is->end && was->element == is->element && was->count == is->count &&
           was->kind == is->kind && was->type == is->type;
}

static void compare_spans(struct gomoving *moving, const struct goheap *newer)
{
    const struct goheap *older = moving->older;
    uint32_t kept = 0;

    for (uint32_t i = 0, j = 0; i < newer->span_count; i++) {
        const struct goheap_span *is = &newer->spans[i];
        while (j < older->span_count && older->spans[j].start < is->start)
            j++;
        if (j < older->span_count && is_same(&older->spans[j], is)) {
            moving->span[i] = j + 1;
            moving->touched[i] = (uint8_t)is_touched(&older->spans[j], is);
            kept++;
        }
        if (moving->span[i] == 0 || moving->touched[i]) {
            moving->changed = 1;
            moving->touched_bytes += is->kind == GOHEAP_NOSCAN ? 0 : is->end - is->start;
        }
    }
    moving->changed |= kept != older->span_count;
}

int gomoving_compare(struct gomoving *moving, const struct goedges *edges, const struct goheap *newer)
{
    *moving = (struct gomoving){.older = edges->heap, .edges = edges};
    moving->span = calloc((size_t)newer->span_count + 1, sizeof *moving->span);
    moving->touched = calloc((size_t)newer->span_count + 1, sizeof *moving->touched);
    if (moving->span == NULL || moving->touched == NULL)
        return -1;
    compare_spans(moving, newer);
    return 0;
}

static int was_swept(const struct gomoving *moving, const struct goheap *newer, uint32_t span)
{
    return moving->span[span] && moving->older->spans[moving->span[span] - 1].bits != newer->spans[span].bits;
}

/* allocBits of the spans that `wanted` is not 0 for, each at its place; zeros for the others. 0, or -1 for no memory. */
static int gather_bits(const struct goheap *heap, const struct memory *memory, const uint8_t *wanted, uint8_t *bits)
{
    uint64_t *addresses = malloc(BATCH * sizeof *addresses);
    uint32_t *spans = malloc(BATCH * sizeof *spans);
    uint8_t *batch = malloc((size_t)BATCH * GOMOVING_MARKS);
    int bad = addresses && spans && batch ? 0 : -1;

    for (uint32_t i = 0; !bad && i < heap->span_count;) {
        size_t count = 0;
        for (; i < heap->span_count && count < BATCH; i++)
            if (wanted[i]) {
                addresses[count] = heap->spans[i].bits;
                spans[count++] = i;
            }
        memory_gather(memory, addresses, count, GOMOVING_MARKS, batch);
        for (size_t k = 0; k < count; k++)
            memcpy(bits + (size_t)spans[k] * GOMOVING_MARKS, batch + k * GOMOVING_MARKS, GOMOVING_MARKS);
    }
    free(addresses);
    free(spans);
    free(batch);
    return bad;
}

/* Bits of spans that have others by now tell nothing: all objects count as left. */
static int disbelieve(uint8_t *bits, const struct goheap *newer, const struct gomoving_relist *relist)
{
    uint64_t *rows;
    size_t count, at = 0;
    int bad = gospans_read(relist->memory, relist->pointers, relist->count, relist->form, &rows, &count);

    if (bad)
        return bad;
    for (uint32_t i = 0; i < newer->span_count; i++) {
        while (at < count && rows[at * GOHEAP_ROW] < newer->spans[i].start)
            at++;
        if (at == count || rows[at * GOHEAP_ROW] != newer->spans[i].start || rows[at * GOHEAP_ROW + 7] != newer->spans[i].bits)
            memset(bits + (size_t)i * GOMOVING_MARKS, 0xff, GOMOVING_MARKS);
    }
    free(rows);
    return 0;
}

int gomoving_mark(struct gomoving *moving, const struct goheap *newer, const struct gomoving_relist *relist)
{
    uint8_t *wanted = calloc((size_t)newer->span_count + 1, 1);
    int bad = wanted ? 0 : -1, any = 0;

    for (uint32_t i = 0; !bad && i < newer->span_count; i++)
        any |= wanted[i] = (uint8_t)was_swept(moving, newer, i);
    if (!bad && any) {
        moving->marks = calloc((size_t)newer->span_count + 1, GOMOVING_MARKS);
        bad = moving->marks == NULL ? -1 : gather_bits(newer, relist->memory, wanted, moving->marks);
        if (!bad)
            bad = disbelieve(moving->marks, newer, relist);
    }
    free(wanted);
    return bad;
}

static int is_marked(const struct gomoving *moving, uint32_t span, uint32_t index)
{
    return index / 8 < GOMOVING_MARKS && bit_is_set(moving->marks + (size_t)span * GOMOVING_MARKS, index);
}

/* Was the object still there when the collector went through its span? Without a sweep since, it was. */
static int is_left(const struct gomoving *moving, const struct goheap *newer, uint32_t span, uint32_t index)
{
    return moving->marks == NULL || !was_swept(moving, newer, span) || is_marked(moving, span, index);
}

int gomoving_renumber(struct gomoving *moving, const struct goheap *newer)
{
    moving->number = huge_alloc((size_t)moving->older->objects + 1, sizeof *moving->number);
    if (moving->number == NULL)
        return -1;
    memset(moving->number, 0xff, ((size_t)moving->older->objects + 1) * sizeof *moving->number);
    for (uint32_t i = 0; i < newer->span_count; i++)
        for (uint32_t k = 0; moving->span[i] && k < newer->spans[i].count; k++)
            if (is_left(moving, newer, i, k))
                moving->number[moving->older->spans[moving->span[i] - 1].first + k] = newer->spans[i].first + k;
    return 0;
}

static int is_gone(const struct gomoving *moving, uint32_t to)
{
    return to < moving->older->objects ? moving->number[to] == GOHEAP_NONE
                                       : moving->edges->waiting[to - moving->older->objects].address == 0;
}

int gomoving_is_stale(const struct goedges *edges, uint32_t span)
{
    const struct gomoving *moving = edges->moving;
    const struct goedges *old = moving->edges;
    const struct goheap_span *was = &moving->older->spans[moving->span[span] - 1];

    for (uint32_t k = 0; k < was->count; k++)
        for (uint32_t e = old->rows[was->first + k]; e < old->rows[was->first + k + 1]; e++)
            if (is_gone(moving, old->to[e])) {
                if (is_left(moving, edges->heap, span, k))
                    return 1;
                break;
            }
    return 0;
}

void gomoving_as_read(const struct gomoving *moving, struct goheap *newer)
{
    for (uint32_t i = 0; i < newer->span_count; i++)
        if (moving->span[i]) {
            const struct goheap_span *was = &moving->older->spans[moving->span[i] - 1];
            newer->spans[i].free = was->free;
            newer->spans[i].taken = was->taken;
            newer->spans[i].swept = was->swept;
            newer->spans[i].bits = was->bits;
        }
}

void gomoving_close(struct gomoving *moving)
{
    free(moving->marks);
    free(moving->span);
    free(moving->touched);
    free(moving->number);
}

/* A pointer whose object was not listed before: it is now, or it waits on. */
static int keep_waiting(struct goedges *edges, const struct goedges_waiting *waiting, uint64_t place)
{
    uint32_t to = goheap_find(edges->heap, waiting->address);
    const struct goheap_span *span;
    int begins;

    if (to == GOHEAP_NONE) {
        to = goedges_wait(edges, waiting->address, waiting->row);
        return to == GOHEAP_NONE ? 0 : goedges_put(edges, to, place, 0);
    }
    span = goheap_span_at(edges->heap, waiting->address);
    begins = goheap_begins(edges->heap, to, waiting->address);
    if (begins && waiting->row && edges->types[to] == 0 && edges->kinds->rows[waiting->row].size <= span->element)
        edges->types[to] = (uint16_t)waiting->row;
    return goedges_put(edges, to, place, begins ? 0 : GOEDGES_INTERIOR);
}

/* A pointer to what is gone waits for nothing, so that its object can still be read again. */
static int lose(struct goedges *edges, uint64_t place)
{
    uint32_t to = goedges_wait(edges, 0, 0);

    return to == GOHEAP_NONE ? 0 : goedges_put(edges, to, place, 0);
}

int gomoving_keep(struct goedges *edges, uint32_t span)
{
    const struct gomoving *moving = edges->moving;
    const struct goedges *old = moving->edges;
    const struct goheap_span *is = &edges->heap->spans[span], *was = &moving->older->spans[moving->span[span] - 1];
    size_t next = goedges_base_at(old, old->rows[was->first]);
    int bad = 0;

    for (uint32_t k = 0; k < is->count && !bad; k++) {
        uint64_t base = 0;
        goedges_begin(edges, is->first + k);
        for (uint32_t e = old->rows[was->first + k]; e < old->rows[was->first + k + 1] && !bad; e++) {
            uint32_t to = old->to[e];
            uint64_t place;
            for (; next < old->base_count && old->bases[next].edge <= e; next++)
                base = (uint64_t)old->bases[next].base * GOEDGES_STEP;
            place = base + (old->at[e] & GOEDGES_FAR);
            if (is_gone(moving, to))
                bad = is_left(moving, edges->heap, span, k) ? lose(edges, place) : 0;
            else if (to >= moving->older->objects)
                bad = keep_waiting(edges, &old->waiting[to - moving->older->objects], place);
            else
                bad = goedges_put(edges, moving->number[to], place, old->at[e] & GOEDGES_INTERIOR);
        }
    }
    return bad;
}

void gomoving_types(struct goedges *edges)
{
    const struct gomoving *moving = edges->moving;

    for (uint32_t i = 0; i < edges->heap->span_count; i++) {
        const struct goheap_span *is = &edges->heap->spans[i], *was;
        uint32_t count = is->count;
        if (moving->span[i] == 0)
            continue;
        was = &moving->older->spans[moving->span[i] - 1];
        if (moving->touched[i] && moving->how != GOMOVING_CLOSES)
            count = was->bits != is->bits ? 0 : was->free < is->count ? was->free : is->count;
        memcpy(edges->types + is->first, moving->edges->types + was->first, count * sizeof *edges->types);
    }
}

uint32_t gomoving_number(const struct gomoving *moving, const struct goheap *newer, uint32_t number, uint8_t *begins)
{
    uint64_t address;

    if (number == GOHEAP_NONE)
        return number;
    if (number < moving->older->objects)
        return moving->number ? moving->number[number] : number;
    if (number - moving->older->objects >= moving->edges->waiting_count)
        return GOHEAP_NONE;
    address = moving->edges->waiting[number - moving->older->objects].address;
    number = goheap_find(newer, address);
    *begins = number != GOHEAP_NONE && goheap_begins(newer, number, address);
    return number;
}

/* Does a span have to be asked which of its objects are taken? */
static int is_asked(const struct gomoving *moving, const struct goheap *newer, uint32_t span)
{
    return moving->span[span] == 0 || moving->touched[span] || newer->spans[span].taken < newer->spans[span].count;
}

static uint64_t mark_span(const struct gomoving *moving, const struct goheap *newer, uint32_t i, const uint8_t *bits, uint8_t *born,
                          uint8_t *unread)
{
    const struct goheap_span *is = &newer->spans[i], *was = moving->span[i] ? &moving->older->spans[moving->span[i] - 1] : NULL;
    uint32_t known = was != NULL && was->bits == is->bits ? was->free : 0;
    uint64_t bytes = 0;

    for (uint32_t k = 0; k < is->count; k++) {
        int marked = k / 8 < GOMOVING_MARKS && bit_is_set(bits, k), taken = marked || k < is->free;
        if (!taken)
            set_bit(unread, is->first + k);
        if (was == NULL || (!marked && k >= known && (moving->touched[i] || !taken))) {
            set_bit(born, is->first + k);
            bytes += taken ? is->element : 0;
        }
    }
    return bytes;
}

int gomoving_born(const struct gomoving *moving, const struct goheap *newer, const struct gomoving_relist *relist, uint8_t *born, uint8_t *unread,
                  uint64_t *born_bytes)
{
    uint8_t *wanted = calloc((size_t)newer->span_count + 1, 1), *bits = calloc((size_t)newer->span_count + 1, GOMOVING_MARKS);
    int bad = wanted && bits ? 0 : -1;

    *born_bytes = 0;
    for (uint32_t i = 0; !bad && i < newer->span_count; i++)
        wanted[i] = (uint8_t)is_asked(moving, newer, i);
    if (!bad)
        bad = gather_bits(newer, relist->memory, wanted, bits);
    if (!bad)
        bad = disbelieve(bits, newer, relist);
    for (uint32_t i = 0; !bad && i < newer->span_count; i++)
        if (wanted[i])
            *born_bytes += mark_span(moving, newer, i, bits + (size_t)i * GOMOVING_MARKS, born, unread);
    free(wanted);
    free(bits);
    return bad;
}
