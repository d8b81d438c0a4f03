#include "chunks.h"

#include <stdlib.h>

static int region_index(struct chunk_region *region, uint64_t *number)
{
    uint64_t blocks = (region->slots + 63) / 64, last = UINT64_MAX;

    region->first_number = (uint32_t)*number;
    if (region->starts == NULL) {
        ++*number;
        return 0;
    }
    region->rank = malloc((blocks + 1) * sizeof *region->rank);
    region->last = malloc((blocks / 64 + 1) * sizeof *region->last);
    if (region->rank == NULL || region->last == NULL)
        return -1;
    for (uint64_t block = 0; block < blocks; block++) {
        uint64_t starts = bits_of_block(region->starts, block, region->slots);
        if (block % 64 == 0)
            region->last[block / 64] = last;
        region->rank[block] = (uint32_t)*number;
        *number += bits_count(chunks_used(region, block));
        if (starts)
            last = block * 64 + 63 - (uint64_t)__builtin_clzll(starts);
        if (*number > UINT32_MAX)
            return -2;
    }
    region->rank[blocks] = (uint32_t)*number;
    return 0;
}

int chunks_index(struct chunks *chunks)
{
    uint64_t number = 0, slot = 0;

    for (size_t i = 0; i < chunks->count; i++) {
        struct chunk_region *region = &chunks->regions[i];
        int bad;
        region->first_slot = slot;
        slot += region->slots;
        bad = region_index(region, &number);
        if (bad || number > UINT32_MAX - 1)
            return bad ? bad : -2;
    }
    chunks->total = (uint32_t)number;
    chunks->low = chunks->count ? chunks->regions[0].start : 0;
    chunks->span = chunks->count ? chunks->regions[chunks->count - 1].end - chunks->low : 0;
    return 0;
}

void chunks_free(struct chunks *chunks)
{
    for (size_t i = 0; i < chunks->count; i++) {
        free(chunks->regions[i].rank);
        free(chunks->regions[i].last);
    }
    free(chunks->regions);
}

const struct chunk_region *chunks_region_of(const struct chunks *chunks, uint64_t address)
{
    size_t low = 0, high = chunks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chunks->regions[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < chunks->count && chunks->regions[low].start <= address ? &chunks->regions[low] : NULL;
}

const struct chunk_region *chunks_region_of_slot(const struct chunks *chunks, uint64_t slot)
{
    size_t low = 0, high = chunks->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (chunks->regions[middle].first_slot <= slot)
            low = middle;
        else
            high = middle;
    }
    return &chunks->regions[low];
}

uint64_t chunks_begin(const struct chunk_region *region, uint64_t slot)
{
    uint64_t block = slot / 64;
    uint64_t starts = bits_of_block(region->starts, block, region->slots) & (~0ULL >> (63 - slot % 64));

    while (starts == 0) {
        if (block % 64 == 0)
            return region->last[block / 64];
        starts = bits_of_block(region->starts, --block, region->slots);
    }
    return block * 64 + 63 - (uint64_t)__builtin_clzll(starts);
}

void chunks_weigh(const struct chunks *chunks, const uint64_t *bits, uint64_t *count, uint64_t *bytes)
{
    *count = *bytes = 0;
    for (size_t i = 0; i < chunks->count; i++) {
        const struct chunk_region *region = &chunks->regions[i];
        for (uint64_t block = 0; block * 64 < region->slots; block++) {
            uint32_t number = region->starts ? region->rank[block] : region->first_number;
            if (!bits[number / 64] && (region->starts == NULL || !bits[region->rank[block + 1] / 64]))
                continue; /* a block has 64 chunks at most */
            for (uint64_t used = region->starts ? chunks_used(region, block) : 1; used; used &= used - 1, number++)
                if (bit_is_set(bits, number)) {
                    uint64_t from, to, whole;
                    chunks_extent(region, block * 64 + (uint64_t)__builtin_ctzll(used), &from, &to, &whole);
                    *count += 1;
                    *bytes += whole;
                }
        }
    }
}

void chunks_common(const struct chunks *chunks, const uint64_t *bits, const struct chunks *earlier, const uint64_t *earlier_bits,
                   uint64_t *into)
{
    size_t hint = 0;

    for (size_t i = 0; i < chunks->count; i++) {
        const struct chunk_region *region = &chunks->regions[i];
        uint32_t number = region->first_number;
        for (uint64_t block = 0; block * 64 < region->slots; block++)
            for (uint64_t used = region->starts ? chunks_used(region, block) : 1; used; used &= used - 1, number++) {
                uint64_t slot = block * 64 + (uint64_t)__builtin_ctzll(used);
                uint64_t user = region->starts ? region->start + slot * 16 + 16 : region->user;
                struct chunk found;
                if (!bit_is_set(bits, number) || earlier->count == 0)
                    continue;
                if (chunks_resolve(earlier, user, &hint, 0, &found) == CHUNK_EXACT && bit_is_set(earlier_bits, found.number))
                    set_bit(into, number);
            }
    }
}
