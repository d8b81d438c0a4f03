#include "goedges.h"

#include "gomoving.h"

#include <stdlib.h>
#include <string.h>

#define PIECE (4u << 20)
#define TAILED_BYTES 16 /* smaller objects have no mark bits in their span */

/* The type of a value in an interface, by the interface's first word; 0 when that is no such word. Some kinds stand in the
 * word itself: then it is the type of what it points to. */
static uint32_t type_in(struct goedges *edges, uint64_t first)
{
    const struct goedges_way *way = edges->way;
    size_t low = 0, high = way->itab_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (way->itabs[2 * middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < way->itab_count && way->itabs[2 * low] == first)
        first = way->itabs[2 * low + 1];
    else if ((first < way->types[0] || first >= way->types[1]) &&
             (goheap_find(edges->heap, first) == GOHEAP_NONE || !gotypes_is_made(edges->kinds, first)))
        return 0;
    return gotypes_behind(edges->kinds, gotypes_find(edges->kinds, first));
}

static inline int follow(struct goedges *edges, uint64_t value, uint64_t place, uint64_t before)
{
    const struct goheap_span *span;
    uint32_t object, row;
    uint16_t interior;
    int bad;

    if (value < 4096)
        return 0;
    object = goheap_find_in(edges->heap, value, &span);
    if (object == GOHEAP_NONE) {
        if ((object = goedges_wait(edges, value, before >= edges->way->lowest ? type_in(edges, before) : 0)) == GOHEAP_NONE)
            return 0;
        return goedges_put(edges, object, place, 0);
    }
    interior = value == goheap_values(span, object) ? 0 : GOEDGES_INTERIOR;
    if ((bad = goedges_put(edges, object, place, interior)) != 0)
        return bad;
    if (before >= edges->way->lowest && !interior && edges->types[object] == 0 && (row = type_in(edges, before)) != 0 &&
        edges->kinds->rows[row].size <= span->element &&
        (span->kind != GOHEAP_NOSCAN || span->element != GOEDGES_TINY || edges->kinds->rows[row].size >= GOEDGES_TINY))
        edges->types[object] = (uint16_t)row;
    return 0;
}

static inline uint64_t load(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof value);
    return value;
}

/* 64 words from `place` on. data: where word `first` stands. pointers: a bit a word; after_number: of them those behind a word that is no
 * pointer, which may tell the type of what they lead to. */
static inline int marked_words(struct goedges *edges, uint64_t pointers, uint64_t after_number, const uint8_t *data, uint64_t first, uint64_t place)
{
    int bad;

    for (; pointers; pointers &= pointers - 1) {
        uint64_t bit = (uint64_t)__builtin_ctzll(pointers);
        const uint8_t *at = data + 8 * (place + bit - first);
        if ((bad = follow(edges, load(at), place + bit, after_number >> bit & 1 ? load(at - 8) : 0)) != 0)
            return bad;
    }
    return 0;
}

/* Words `first` up to `last` of a value of a type; data: where word `first` stands. */
static int value_by_type(struct goedges *edges, const struct gotype *type, const uint8_t *data, uint64_t first, uint64_t last)
{
    uint64_t before = 1; /* is the last of the 64 words before it a pointer? What stands before the first one tells nothing. */
    int bad;

    if (last > type->words)
        last = type->words;
    for (uint64_t place = first & -UINT64_C(64); place < last; place += 64) {
        uint64_t pointers = type->mask == NULL ? UINT64_MAX : load(type->mask + place / 8), after_number, here = UINT64_MAX;
        after_number = pointers & ~(pointers << 1 | before);
        before = pointers >> 63;
        if (place < first) {
            here <<= first - place;
            after_number &= here << 1;
        }
        if (last - place < 64)
            here &= (UINT64_C(1) << (last - place)) - 1;
        if ((bad = marked_words(edges, pointers & here, after_number, data, first, place)) != 0)
            return bad;
    }
    return 0;
}

/* The same of an object that is an array of a type. */
static int by_type(struct goedges *edges, const struct gotype *type, const uint8_t *data, uint64_t first, uint64_t last)
{
    uint64_t element = type->size / 8, in;
    int bad = 0;

    if (type->words == 0 || element == 0)
        return 0;
    if (element == 1) {
        for (; first < last && !bad; first++, data += 8)
            bad = follow(edges, load(data), 0, 0);
        return bad;
    }
    for (in = first % element; first < last; in = 0) {
        uint64_t words = last - first < element - in ? last - first : element - in;
        if ((bad = value_by_type(edges, type, data, in, in + words)) != 0)
            return bad;
        first += words;
        data += 8 * words;
    }
    return 0;
}

static int every_word(struct goedges *edges, const uint8_t *data, uint64_t first, uint64_t last)
{
    int bad;

    for (uint64_t word = first; word < last; word++, data += 8)
        if ((bad = follow(edges, load(data), word, 0)) != 0)
            return bad;
    return 0;
}

static int inline_object(struct goedges *edges, const uint8_t *bits, const uint8_t *object, uint64_t word, uint64_t words)
{
    uint64_t mask = load(bits + word / 64 * 8) >> word % 64;

    if (word % 64 && word % 64 + words > 64)
        mask |= load(bits + (word / 64 + 1) * 8) << (64 - word % 64);
    if (words < 64)
        mask &= (UINT64_C(1) << words) - 1;
    return marked_words(edges, mask, mask & ~(mask << 1 | 1), object, 0, 0);
}

/* Go 1.20 and 1.21: a bit a word for the whole arena, and a bit for each 64 words that says: the object has no more pointers.
 * first: which word of the object stands at `data`. */
static int arena_object(struct goedges *edges, const uint8_t *bits, const uint8_t *no_more, uint64_t start,
                        const uint8_t *data, uint64_t first, uint64_t words)
{
    uint64_t base = start / 8;
    int bad;

    for (uint64_t word = 0; word < words; word++) {
        uint64_t place = base + word;
        if (word > 0 && place % 64 == 0 && no_more[(place / 64 - 1) / 8] >> (place / 64 - 1) % 8 & 1)
            return 0;
        int after_number = word && !(bits[(place - 1) / 8] >> (place - 1) % 8 & 1);
        if (bits[place / 8] >> place % 8 & 1 &&
            (bad = follow(edges, load(data + 8 * word), first + word, after_number ? load(data + 8 * word - 8) : 0)) != 0)
            return bad;
    }
    return 0;
}

/* A closure begins with the address of its code, which is no pointer to the heap. */
static void recognise(struct goedges *edges, const struct goheap_span *span, uint32_t i, const uint8_t *object)
{
    uint64_t first = load(object);

    if (edges->types[span->first + i] == 0 && first >= edges->way->text[0] && first < edges->way->text[1])
        edges->types[span->first + i] = (uint16_t)gotypes_closure(edges->kinds, first);
}

static int object_edges(struct goedges *edges, const struct goheap_span *span, uint32_t i, const uint8_t *pages)
{
    const uint8_t *object = pages + (uint64_t)i * span->element;
    uint64_t words = span->element / 8, size = span->end - span->start;
    uint64_t tail = span->element >= TAILED_BYTES ? edges->way->tail_bytes : 0;
    uint32_t row;

    switch (span->kind) {
    case GOHEAP_INLINE:
        return inline_object(edges, pages + size - tail - size / 64, object, i * words, words);
    case GOHEAP_HEADER:
        row = gotypes_find(edges->kinds, load(object));
        edges->types[span->first + i] = (uint16_t)row;
        return row ? by_type(edges, &edges->kinds->rows[row], object + 8, 0, words - 1) : 0;
    default:
        return every_word(edges, object, 0, words);
    }
}

void goedges_read_resident(struct goedges *edges, uint64_t start, uint64_t end, uint8_t *into)
{
    const uint64_t *rows = edges->way->resident;
    size_t low = 0, high = edges->way->resident_count;

    memset(into, 0, (size_t)(end - start));
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[2 * middle + 1] <= start)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < edges->way->resident_count && rows[2 * low] < end; low++) {
        uint64_t from = rows[2 * low] > start ? rows[2 * low] : start, to = rows[2 * low + 1] < end ? rows[2 * low + 1] : end;
        edges->read_bytes += memory_read(edges->memory, from, into + (from - start), (size_t)(to - from));
    }
}

static const uint64_t *arena_of(const struct goedges_way *way, uint64_t address)
{
    for (size_t i = 0; i < way->arena_count; i++)
        if (way->arenas[2 * i] == address >> GOHEAP_ARENA_SHIFT)
            return way->arenas + 2 * i;
    return NULL;
}

/* The two bitmaps of a span's arena as far as the span's words go; 0, or -1 where they cannot be read. */
static int read_arena_bits(struct goedges *edges, uint64_t start, uint64_t end, uint8_t *bits, uint8_t *no_more)
{
    const uint64_t *arena = arena_of(edges->way, start);
    uint64_t in = start & ((UINT64_C(1) << GOHEAP_ARENA_SHIFT) - 1), words = (end - start) / 8;

    if (arena == NULL)
        return -1;
    return memory_read(edges->memory, arena[1] + edges->way->bitmap + in / 64, bits, (size_t)words / 8) < words / 8 ||
                   memory_read(edges->memory, arena[1] + edges->way->no_more + in / 4096, no_more, (size_t)words / 512) < words / 512
               ? -1
               : 0;
}

/* All objects of a span that was read whole: of the sizes that share spans. */
static int span_edges(struct goedges *edges, const struct goheap_span *span, const uint8_t *pages)
{
    uint8_t bits[PIECE / 64], no_more[PIECE / 4096];
    int by_arena = span->kind == GOHEAP_ARENA, bad;

    if (by_arena)
        by_arena = read_arena_bits(edges, span->start, span->end, bits, no_more) == 0;
    for (uint32_t i = 0; i < span->count; i++) {
        uint64_t at = (uint64_t)i * span->element;
        goedges_begin(edges, span->first + i);
        if (span->kind != GOHEAP_HEADER)
            recognise(edges, span, i, pages + at);
        bad = by_arena ? arena_object(edges, bits, no_more, at, pages + at, 0, span->element / 8)
                       : object_edges(edges, span, i, pages);
        if (bad)
            return bad;
    }
    return 0;
}

/* An object with a span of its own, piece by piece. */
static int large_edges(struct goedges *edges, const struct goheap_span *span, uint8_t *buffer, goedges_tick tick, void *context)
{
    uint32_t row = span->kind == GOHEAP_LARGE ? gotypes_find(edges->kinds, span->type) : 0;
    int bad = 0;

    goedges_begin(edges, span->first);
    edges->types[span->first] = (uint16_t)row;
    if (span->kind == GOHEAP_LARGE && row == 0)
        return 0; /* not yet typed: it was just given out, or holds no pointers */
    for (uint64_t at = span->start; at < span->start + span->element; at += PIECE) {
        uint64_t end = at + PIECE < span->end ? at + PIECE : span->end, first = (at - span->start) / 8;
        uint64_t last = (end < span->start + span->element ? end - span->start : span->element) / 8;
        goedges_read_resident(edges, at, end, buffer);
        if (span->kind == GOHEAP_ARENA) {
            uint8_t bits[PIECE / 64], no_more[PIECE / 4096];
            bad = read_arena_bits(edges, at, end, bits, no_more) ? every_word(edges, buffer, first, last)
                                                                 : arena_object(edges, bits, no_more, 0, buffer, first, last - first);
        } else {
            bad = row ? by_type(edges, &edges->kinds->rows[row], buffer, first, last) : every_word(edges, buffer, first, last);
        }
        if (bad || (bad = tick(context, edges->read_bytes) ? 1 : 0) != 0)
            return bad;
    }
    return 0;
}

/* Has its type in its span, or is more than is read at once. */
static int is_large(const struct goheap_span *span)
{
    return span->kind == GOHEAP_LARGE || span->end - span->start > PIECE;
}

static int is_kept(const struct goedges *edges, uint32_t span)
{
    return edges->moving != NULL && edges->moving->span[span] && (!edges->moving->touched[span] || edges->moving->how == GOMOVING_CLOSES);
}

int goedges_read(struct goedges *edges, const struct goedges_way *way, goedges_tick tick, void *context)
{
    const struct goheap *heap = edges->heap;
    uint8_t *buffer = malloc(PIECE);
    uint32_t i = 0, last;
    int bad = buffer ? 0 : -1;

    edges->way = way;
    if (!bad && edges->moving != NULL)
        gomoving_types(edges);
    while (!bad && i < heap->span_count) {
        const struct goheap_span *span = &heap->spans[i];
        if (span->kind == GOHEAP_NOSCAN) {
            i++;
            continue;
        }
        if (is_kept(edges, i) && !(edges->moving->how == GOMOVING_REREADS && gomoving_is_stale(edges, i))) {
            bad = gomoving_keep(edges, i++);
            continue;
        }
        if (is_large(span)) {
            bad = large_edges(edges, span, buffer, tick, context);
            i++;
            continue;
        }
        for (last = i + 1; last < heap->span_count; last++)
            if (heap->spans[last].kind == GOHEAP_NOSCAN || is_large(&heap->spans[last]) || is_kept(edges, last) ||
                heap->spans[last].start != heap->spans[last - 1].end || heap->spans[last].end - span->start > PIECE)
                break;
        goedges_read_resident(edges, span->start, heap->spans[last - 1].end, buffer);
        for (; !bad && i < last; i++)
            bad = span_edges(edges, &heap->spans[i], buffer + (heap->spans[i].start - span->start));
        if (!bad)
            bad = tick(context, edges->read_bytes) ? 1 : 0;
    }
    edges->rows[heap->scanned] = (uint32_t)edges->count;
    free(buffer);
    return bad;
}
