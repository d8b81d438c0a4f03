#include "mark.h"

#include "believe.h"

#include <stdlib.h>

#define LIST 65536 /* chunks to be read next; what does not fit waits in a bitmap */
#define DIGIT 11
#define ADDRESS_BITS 48 /* of user space with four levels of page tables; above, programs keep types and counts */

enum owner { ROOT, CHUNK, FRESH }; /* whose words are read */

struct marking {
    const struct chunks *chunks;
    struct words *words;
    struct believing believing;
    uint64_t *sure, *maybe, *pending;
    uint64_t pending_count;
    uint64_t *list, *batch, *scratch; /* slots of headers */
    size_t listed, hint;
    int interior_too; /* the second round: whatever is reached now is "maybe" */
};

static void enqueue(struct marking *marking, const struct chunk *found)
{
    if (marking->listed < LIST) {
        marking->list[marking->listed++] = found->slot;
    } else {
        bit_set(marking->pending, found->number);
        marking->pending_count++;
    }
}

/* A value with something in its upper 16 bits (NaN boxes, tags): exact hits only, and never sure. */
static void follow_boxed(struct marking *marking, uint64_t word, uint32_t owner, uint64_t at)
{
    struct chunk found;

    if (chunks_resolve(marking->chunks, word & ((UINT64_C(1) << ADDRESS_BITS) - 1), &marking->hint, 0, &found) != CHUNK_EXACT ||
        bit_get(marking->sure, found.number) || bit_get(marking->maybe, found.number))
        return;
    if (owner == FRESH && !believe_fresh(&marking->believing, at, &found))
        return;
    if (owner == CHUNK && believe_behind_text(&marking->believing, at))
        return;
    bit_set(marking->maybe, found.number);
    if (marking->interior_too)
        enqueue(marking, &found);
}

static void follow(void *context, const uint64_t *words, size_t count, uint32_t owner, uint64_t address)
{
    struct marking *marking = context;

    for (size_t i = 0; i < count; i++) {
        struct chunk found;
        enum chunk_hit hit = chunks_resolve(marking->chunks, words[i], &marking->hint, 1, &found);
        if (hit == CHUNK_NONE && words[i] >> ADDRESS_BITS)
            follow_boxed(marking, words[i], owner, address + 8 * i);
        if (hit == CHUNK_NONE || bit_get(marking->sure, found.number))
            continue;
        if (marking->interior_too) {
            if (bit_get(marking->maybe, found.number))
                continue;
            if (hit == CHUNK_INTERIOR && !believe_word(&marking->believing, words[i], address + 8 * i, &found))
                continue;
            if (hit == CHUNK_EXACT && owner == FRESH && !believe_fresh(&marking->believing, address + 8 * i, &found))
                continue;
            bit_set(marking->maybe, found.number);
            enqueue(marking, &found);
        } else if (hit == CHUNK_EXACT) {
            if (owner == FRESH && !believe_fresh(&marking->believing, address + 8 * i, &found))
                continue;
            bit_set(marking->sure, found.number);
            enqueue(marking, &found);
        } else if (owner == ROOT || bit_get(marking->maybe, found.number) ||
                   (owner == CHUNK && (words[i] & BELIEVE_TAGS) <= BELIEVE_STOLEN && !believe_behind_text(&marking->believing, address + 8 * i)) ||
                   believe_word(&marking->believing, words[i], address + 8 * i, &found)) {
            bit_set(marking->maybe, found.number);
        }
    }
}

/* Least significant digit first; the answer is in one of the two arrays. */
static uint64_t *sorted(uint64_t *keys, uint64_t *scratch, size_t count)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < count; i++)
        largest |= keys[i];
    for (unsigned shift = 0; shift < 64 && largest >> shift; shift += DIGIT) {
        size_t places[1 << DIGIT] = {0}, sum = 0;
        uint64_t *swap = keys;
        for (size_t i = 0; i < count; i++)
            places[keys[i] >> shift & ((1 << DIGIT) - 1)]++;
        for (size_t digit = 0; digit < 1 << DIGIT; digit++) {
            size_t here = places[digit];
            places[digit] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            scratch[places[keys[i] >> shift & ((1 << DIGIT) - 1)]++] = keys[i];
        keys = scratch;
        scratch = swap;
    }
    return keys;
}

static void read_chunk(struct marking *marking, const struct chunk_region *region, uint64_t slot)
{
    uint64_t from, to, whole;

    chunks_extent(region, slot, &from, &to, &whole);
    words_add(marking->words, from, to, CHUNK);
}

static void read_listed(struct marking *marking)
{
    size_t count = marking->listed;
    uint64_t *keys = marking->list;
    const struct chunk_region *region = NULL;

    marking->list = marking->batch;
    marking->batch = keys;
    marking->listed = 0;
    if (count > 1)
        keys = sorted(keys, marking->scratch, count);
    for (size_t i = 0; i < count && !marking->words->stopped; i++) {
        if (region == NULL || keys[i] - region->first_slot >= region->slots)
            region = chunks_region_of_slot(marking->chunks, keys[i]);
        read_chunk(marking, region, keys[i] - region->first_slot);
    }
    words_flush(marking->words);
}

static void take_pending(struct marking *marking, const struct chunk_region *region, uint64_t slot, uint32_t number)
{
    if (!bit_get(marking->pending, number))
        return;
    bit_clear(marking->pending, number);
    marking->pending_count--;
    read_chunk(marking, region, slot);
}

/* All that waits in the bitmap, in address order. */
static void sweep(struct marking *marking)
{
    const struct chunks *chunks = marking->chunks;

    for (size_t i = 0; i < chunks->count && marking->pending_count && !marking->words->stopped; i++) {
        const struct chunk_region *region = &chunks->regions[i];
        if (region->starts == NULL) {
            take_pending(marking, region, 0, region->first_number);
            continue;
        }
        for (uint64_t block = 0; block * 64 < region->slots && marking->pending_count && !marking->words->stopped; block++) {
            uint32_t number = region->rank[block];
            for (uint64_t used = chunks_used(region, block); used; used &= used - 1)
                take_pending(marking, region, block * 64 + (uint64_t)__builtin_ctzll(used), number++);
        }
    }
    words_flush(marking->words);
}

static void drain(struct marking *marking)
{
    while ((marking->listed || marking->pending_count) && !marking->words->stopped) {
        if (marking->listed)
            read_listed(marking);
        else
            sweep(marking);
    }
}

static uint64_t read_roots(struct marking *marking, struct mark_roots roots, enum owner owner)
{
    uint64_t before = marking->words->bytes;

    for (size_t i = 0; i < roots.count && !marking->words->stopped; i++)
        words_add(marking->words, roots.rows[2 * i], roots.rows[2 * i + 1], owner);
    words_flush(marking->words);
    return marking->words->bytes - before;
}

int mark_chunks(const struct chunks *chunks, struct words *words, struct mark_roots certain, struct mark_roots doubtful,
                struct mark_roots came, struct mark_roots recent, const uint64_t *known, size_t known_count, uint64_t *sure, uint64_t *maybe, uint64_t *roots_bytes)
{
    struct marking marking = {.chunks = chunks, .words = words, .sure = sure, .maybe = maybe};
    struct believing *believing = &marking.believing;
    size_t places = (size_t)(chunks->total / 64 + 1);
    int result = -1;

    marking.pending = calloc(places, 8);
    marking.list = malloc(LIST * sizeof *marking.list);
    marking.batch = malloc(LIST * sizeof *marking.batch);
    marking.scratch = malloc(LIST * sizeof *marking.scratch);
    *believing = (struct believing){.chunks = chunks, .words = words, .claimed = calloc(places, 8)};
    words->sink = follow;
    words->context = &marking;
    if (words_open(words) == 0 && marking.pending && marking.list && marking.batch && marking.scratch &&
        believing->claimed) {
        follow(&marking, known, known_count, ROOT, 0);
        *roots_bytes = read_roots(&marking, certain, ROOT);
        *roots_bytes += read_roots(&marking, came, FRESH);
        drain(&marking);
        marking.interior_too = 1;
        for (size_t i = 0; i < places; i++) {
            maybe[i] &= ~sure[i];
            marking.pending[i] = maybe[i];
            marking.pending_count += bits_count(maybe[i]);
        }
        *roots_bytes += read_roots(&marking, doubtful, ROOT);
        *roots_bytes += read_roots(&marking, recent, FRESH);
        drain(&marking);
        result = words->stopped ? -2 : 0;
    }
    words_close(words);
    free(believing->claimed);
    free(marking.pending);
    free(marking.list);
    free(marking.batch);
    free(marking.scratch);
    return result;
}
