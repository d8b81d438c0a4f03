/* Where every chunk of malloc lies: which chunk does a word point to. Built over the walker's bitmaps, which stay
 * where they are; beside them one rank per 64 slots. A slot is 16 bytes; a mapped block is a region of one slot. */
#ifndef MEMWHY_CHUNKS_H
#define MEMWHY_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "bits.h"

/* A walked heap, or (starts == NULL) one mapped block. Bits are least significant first within a byte. */
struct chunk_region {
    uint64_t start, end;
    uint64_t user; /* of a mapped block: the pointer that malloc gave out */
    const uint8_t *starts, *used;
    uint64_t slots;
    uint64_t first_slot;   /* slots of all regions before this one */
    uint32_t first_number; /* chunks in use of all regions before this one */
    uint32_t *rank;        /* per 64 slots: the number of the first chunk in use there or later */
    uint64_t *last;        /* per 4096 slots: the last start before them, UINT64_MAX when there is none */
};

struct chunks {
    struct chunk_region *regions; /* in address order, disjoint */
    size_t count;
    uint64_t low, span; /* every chunk lies in [low, low + span) */
    uint32_t total;     /* chunks in use; numbers run from 0 in address order */
};

/* One chunk in use. number: its place among all in use; slot: of its header, counted over all regions. */
struct chunk {
    uint32_t number;
    uint64_t slot;
};

enum chunk_hit { CHUNK_NONE, CHUNK_EXACT, CHUNK_INTERIOR };

/* Fills in all but start, end, user, starts, used, slots of the regions. -1: out of memory; -2: more than 2^32 chunks. */
int chunks_index(struct chunks *chunks);
void chunks_free(struct chunks *chunks);

const struct chunk_region *chunks_region_of(const struct chunks *chunks, uint64_t address);
const struct chunk_region *chunks_region_of_slot(const struct chunks *chunks, uint64_t slot);

/* The header's slot of the chunk that `slot` of a heap lies in, UINT64_MAX when none begins there or before. */
uint64_t chunks_begin(const struct chunk_region *region, uint64_t slot);

/* How many chunks, of how many bytes with their headers, have their bit set. */
void chunks_weigh(const struct chunks *chunks, const uint64_t *bits, uint64_t *count, uint64_t *bytes);

/* Sets in `into` what is set in `bits` and, for the chunk with the same header, in `earlier_bits` of an earlier walk. */
void chunks_common(const struct chunks *chunks, const uint64_t *bits, const struct chunks *earlier, const uint64_t *earlier_bits,
                   uint64_t *into);

static inline uint64_t chunks_used(const struct chunk_region *region, uint64_t block)
{
    return bits_of_block(region->used, block, region->slots) & bits_of_block(region->starts, block, region->slots);
}

/* Is the chunk whose header stands at `slot` of a heap in use; then *found is it. */
static inline int chunks_at(const struct chunk_region *region, uint64_t slot, struct chunk *found)
{
    uint64_t block = slot / 64, bit = 1ULL << (slot % 64), used = chunks_used(region, block);

    if (!(used & bit))
        return 0;
    found->number = region->rank[block] + bits_count(used & (bit - 1));
    found->slot = region->first_slot + slot;
    return 1;
}

/* The bytes that the program may use of the chunk whose header stands at `slot` of `region`; *whole: with its header. */
static inline void chunks_extent(const struct chunk_region *region, uint64_t slot, uint64_t *from, uint64_t *to, uint64_t *whole)
{
    uint64_t block, next, starts;

    if (region->starts == NULL) {
        *from = region->user;
        *to = region->end;
        *whole = region->end - region->start;
        return;
    }
    block = slot / 64;
    starts = slot % 64 == 63 ? 0 : bits_of_block(region->starts, block, region->slots) & (~0ULL << (slot % 64 + 1));
    while (starts == 0 && (++block) * 64 < region->slots)
        starts = bits_of_block(region->starts, block, region->slots);
    next = starts ? block * 64 + (uint64_t)__builtin_ctzll(starts) : region->slots;
    *from = region->start + slot * 16 + 16;
    *to = region->start + next * 16 + (starts ? 8 : 0); /* a chunk in use owns the first word of the next header */
    *whole = (next - slot) * 16;
}

/* Below it words are numbers far more often than addresses; an odd one there is taken for an interior pointer never. */
#define CHUNKS_LOW (UINT64_C(1) << 32)

/* Which chunk a word points to. *hint: the region found last, any index at first. Exact: malloc gave out this very value.
 * Interior: into its middle, or to its end where that is not the end of a region, which may be where something else begins. */
static inline enum chunk_hit chunks_resolve(const struct chunks *chunks, uint64_t word, size_t *hint, int interior_too,
                                            struct chunk *found)
{
    const struct chunk_region *region;
    uint64_t offset, slot;

    if (word - chunks->low >= chunks->span)
        return CHUNK_NONE;
    region = &chunks->regions[*hint];
    if (word - region->start >= region->end - region->start) {
        region = chunks_region_of(chunks, word);
        if (region == NULL)
            return CHUNK_NONE;
        *hint = (size_t)(region - chunks->regions);
    }
    if (region->starts == NULL) {
        if (word < region->user)
            return CHUNK_NONE;
        found->number = region->first_number;
        found->slot = region->first_slot;
        return word == region->user ? CHUNK_EXACT : CHUNK_INTERIOR;
    }
    offset = word - region->start;
    slot = offset / 16;
    if (slot > 0 && (offset & 15) == 0 && chunks_at(region, slot - 1, found))
        return CHUNK_EXACT;
    if (!interior_too || (word < CHUNKS_LOW && word % 8))
        return CHUNK_NONE;
    if (bits_of_block(region->starts, slot / 64, region->slots) >> (slot % 64) & 1) {
        if ((offset & 15) > 8 || slot == 0) /* the first eight bytes of a header belong to the chunk before, which ends there */
            return CHUNK_NONE;
        slot--;
    }
    slot = chunks_begin(region, slot);
    return slot != UINT64_MAX && chunks_at(region, slot, found) ? CHUNK_INTERIOR : CHUNK_NONE;
}

#endif
