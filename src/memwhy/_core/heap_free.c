#include "heap.h"

#include <stdlib.h>
#include <string.h>

#include "bits.h"

#define PAGE ((uint64_t)4096)

/* Pages already read, by number: free lists wander, but within the same pages. */
#define LINES 1024

struct cache {
    const struct memory *memory;
    uint64_t pages[LINES];
    size_t filled[LINES];
    uint8_t bytes[LINES][PAGE];
};

static int read_link(struct cache *cache, uint64_t address, uint64_t *link)
{
    uint64_t page = address & ~(PAGE - 1);
    size_t line = (size_t)(page / PAGE % LINES), offset = (size_t)(address - page);

    if (cache->pages[line] != page) {
        cache->pages[line] = page;
        cache->filled[line] = heap_read(cache->memory, page, cache->bytes[line], PAGE);
    }
    if (cache->filled[line] < offset + 8)
        return -1;
    memcpy(link, cache->bytes[line] + offset, 8);
    return 0;
}

static const struct bits *heap_of(const struct bits *heaps, size_t count, uint64_t address)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heaps[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && heaps[low].start <= address ? heaps + low : NULL;
}

static void follow_one(struct cache *cache, const struct bits *heaps, size_t heap_count, struct chain *chain)
{
    uint64_t at = chain->head;

    while (at != 0 && chain->count < chain->most) {
        const struct bits *heap = heap_of(heaps, heap_count, at);
        uint64_t index, size, link;
        if (heap == NULL || at % GRAIN)
            return;
        index = (at - heap->start) / GRAIN;
        if (!bit_is_set(heap->starts, index) || !bit_is_set(heap->used, index))
            return;
        size = (next_bit(heap->starts, index + 1, (heap->end - heap->start) / GRAIN) - index) * GRAIN;
        if ((chain->size && size != chain->size) || read_link(cache, at + 16, &link) < 0)
            return;
        clear_bit(heap->used, index);
        set_bit(heap->marked, index);
        chain->count++;
        chain->bytes += size;
        if (chain->mangled)
            link ^= (at + 16) >> 12;
        if (link != 0 && link < chain->adjust)
            return;
        at = link ? link - chain->adjust : 0;
    }
    chain->whole = at == 0;
}

int heap_follow(const struct memory *memory, const struct bits *heaps, size_t heap_count, struct chain *chains,
                size_t chain_count)
{
    struct cache *cache = malloc(sizeof *cache);

    if (cache == NULL)
        return -1;
    cache->memory = memory;
    for (size_t i = 0; i < LINES; i++)
        cache->pages[i] = UINT64_MAX;
    for (size_t i = 0; i < chain_count; i++) {
        chains[i].count = chains[i].bytes = 0;
        chains[i].whole = 0;
        follow_one(cache, heaps, heap_count, chains + i);
    }
    free(cache);
    return 0;
}

size_t heap_pick(uint64_t start, uint64_t end, const uint8_t *starts, const uint8_t *used, uint64_t least,
                 uint64_t largest, uint64_t *into, size_t most)
{
    uint64_t limit = (end - start) / GRAIN, before = UINT64_MAX;
    size_t count = 0;

    if (limit == 0 || most == 0)
        return 0;
    for (uint64_t block = 0; block * 64 < limit; block++)
        for (uint64_t word = bits_of_block(starts, block, limit); word; word &= word - 1) {
            uint64_t index = block * 64 + (uint64_t)__builtin_ctzll(word), size = (index - before) * GRAIN;
            if (size - least <= largest - least && before != UINT64_MAX && bit_is_set(used, before)) {
                into[count++] = start + before * GRAIN;
                if (count == most)
                    return count;
            }
            before = index;
        }
    if (before != UINT64_MAX && (limit - before) * GRAIN - least <= largest - least && bit_is_set(used, before))
        into[count++] = start + before * GRAIN;
    return count;
}
