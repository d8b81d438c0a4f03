#define _GNU_SOURCE
#include "heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* Chunk headers: malloc/malloc.c of glibc, "struct malloc_chunk" and the macros behind it. */
#define PREV_INUSE 1u
#define IS_MMAPPED 2u
#define NON_MAIN_ARENA 4u
#define FLAGS 7u
#define LEAST_CHUNK 32u
#define FENCE_CHUNK 16u
#define TRIM_HEADER 48u /* sizeof(struct malloc_chunk): what malloc_trim leaves before the pages it gives back */

#define PAGE ((uint64_t)4096)
#define WINDOW ((size_t)1 << 20)

static int bit_is_set(const uint8_t *bits, uint64_t index)
{
    return bits[index >> 3] >> (index & 7) & 1;
}

static void set_bit(uint8_t *bits, uint64_t index)
{
    bits[index >> 3] |= (uint8_t)(1u << (index & 7));
}

static void clear_bit(uint8_t *bits, uint64_t index)
{
    bits[index >> 3] &= (uint8_t) ~(1u << (index & 7));
}

/* The first set bit in from … limit - 1, or limit. */
static uint64_t next_bit(const uint8_t *bits, uint64_t from, uint64_t limit)
{
    uint64_t at = from;

    while (at < limit && (at & 63)) {
        if (bit_is_set(bits, at))
            return at;
        at++;
    }
    while (at + 64 <= limit) {
        uint64_t word;
        memcpy(&word, bits + (at >> 3), 8);
        if (word)
            return at + (uint64_t)__builtin_ctzll(word);
        at += 64;
    }
    while (at < limit && !bit_is_set(bits, at))
        at++;
    return at;
}

/* /proc/PID/mem goes through a page of the kernel's own; process_vm_readv(2) copies straight, a third faster. */
static size_t read_some(const struct memory *memory, uint64_t address, void *into, size_t size)
{
    if (memory->count == 0 && memory->pid > 0) {
        struct iovec local = {into, size}, remote = {(void *)(uintptr_t)address, size};
        ssize_t got = process_vm_readv(memory->pid, &local, 1, &remote, 1, 0);
        if (got > 0)
            return (size_t)got;
    }
    return memory_read(memory, address, into, size);
}

/* A reused window over resident pages; it grows while headers follow each other closely. */
struct window {
    const struct memory *memory;
    struct pages resident;
    size_t next_pair;
    uint8_t *bytes;
    uint64_t start, end;
    size_t look;
};

static const uint8_t *header_at(struct window *window, uint64_t address)
{
    const uint64_t *pair;
    uint64_t page = address & ~(PAGE - 1);
    size_t wanted;

    if (address >= window->start && address + 16 <= window->end)
        return window->bytes + (address - window->start);
    while (window->next_pair < window->resident.count && window->resident.pairs[2 * window->next_pair + 1] <= address)
        window->next_pair++;
    pair = window->resident.pairs + 2 * window->next_pair;
    if (window->next_pair == window->resident.count || pair[0] > page || pair[1] < address + 16)
        return NULL;
    if (page - window->end <= 2 * PAGE)
        window->look = window->look < WINDOW / 2 ? window->look * 2 : WINDOW;
    else
        window->look = PAGE;
    wanted = pair[1] - page < window->look ? (size_t)(pair[1] - page) : window->look;
    window->start = page;
    window->end = page + read_some(window->memory, page, window->bytes, wanted);
    return window->end >= address + 16 ? window->bytes + (address - page) : NULL;
}

/* Reads a header: size with flags into `size`, the size of the chunk before into `before`. */
static int read_header(struct window *window, uint64_t address, uint64_t *size, uint64_t *before)
{
    const uint8_t *header = header_at(window, address);

    if (header == NULL)
        return -1;
    memcpy(before, header, 8);
    memcpy(size, header + 8, 8);
    return 0;
}

/* While one window was walked, the chunk that leads into the next may have changed: is its size still the same? */
static int still_leads(struct window *window, uint64_t header, uint64_t size)
{
    uint64_t now;

    if (window->memory->pid <= 0)
        return 1;
    return read_some(window->memory, header + 8, &now, 8) == 8 && (now & ~(uint64_t)FLAGS) == size;
}

/* sysmalloc's fenceposts: two headers of 16 bytes (main arena), one of 16 and one of 0, or one of 0 (other heaps).
   What stood before the first of 16 bytes may have been freed since. */
static int is_fence(struct window *window, uint64_t address, uint64_t end, uint64_t size)
{
    uint64_t behind, before;

    if (size & IS_MMAPPED)
        return 0;
    if ((size & ~(uint64_t)FLAGS) == 0)
        return (size & PREV_INUSE) != 0;
    if ((size & ~(uint64_t)FLAGS) != FENCE_CHUNK)
        return 0;
    if (address + FENCE_CHUNK + 16 > end)
        return address + FENCE_CHUNK == end;
    if (read_header(window, address + FENCE_CHUNK, &behind, &before) < 0)
        return 0;
    behind &= ~(uint64_t)FLAGS;
    return behind == 0 || behind == FENCE_CHUNK;
}

static enum ending walk_chunks(struct window *window, struct walk *walk)
{
    uint64_t at = walk->begin, previous = 0, size, before, flags, seen;

    for (;; walk->chunks++) {
        walk->stop = at;
        if (at == walk->end)
            return ENDING_LIMIT;
        if (walk->end - at < 16 || (walk->top > walk->begin && at > walk->top))
            return ENDING_BROKEN;
        seen = window->start;
        if (read_header(window, at, &size, &before) < 0)
            return ENDING_UNREADABLE;
        if (window->start != seen && previous && !still_leads(window, at - previous, previous))
            return ENDING_BROKEN;
        flags = size & FLAGS;
        size &= ~(uint64_t)FLAGS;
        if (previous == 0 || (flags & PREV_INUSE)) {
            if (previous)
                set_bit(walk->used, (at - previous - walk->start) / GRAIN);
        } else if (before != previous) {
            return ENDING_BROKEN;
        }
        if (at == walk->top) {
            set_bit(walk->starts, (at - walk->start) / GRAIN);
            return ENDING_TOP;
        }
        if (size < LEAST_CHUNK)
            return is_fence(window, at, walk->end, size | flags) ? ENDING_FENCE : ENDING_BROKEN;
        if (size % GRAIN || size > walk->end - at || (flags & IS_MMAPPED) ||
            (walk->main_arena && (flags & NON_MAIN_ARENA)))
            return ENDING_BROKEN;
        set_bit(walk->starts, (at - walk->start) / GRAIN);
        previous = size;
        at += size;
    }
}

int heap_walk(const struct memory *memory, struct pages resident, struct walk *walk)
{
    struct window window = {memory, resident, 0, malloc(WINDOW), 0, 0, PAGE};

    if (window.bytes == NULL)
        return -1;
    walk->chunks = 0;
    walk->ending = walk_chunks(&window, walk);
    free(window.bytes);
    return 0;
}

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
        cache->filled[line] = read_some(cache->memory, page, cache->bytes[line], PAGE);
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

size_t heap_pick(uint64_t start, uint64_t end, const uint8_t *starts, const uint8_t *used, uint64_t size,
                 uint64_t *into, size_t most)
{
    uint64_t limit = (end - start) / GRAIN, index, next;
    size_t count = 0;

    for (index = next_bit(starts, 0, limit); index < limit && count < most; index = next) {
        next = next_bit(starts, index + 1, limit);
        if ((next - index) * GRAIN == size && bit_is_set(used, index))
            into[count++] = start + index * GRAIN;
    }
    return count;
}

static size_t class_of(uint64_t size)
{
    unsigned power;
    size_t coarse;

    if (size <= (uint64_t)1 << 20)
        return (size_t)(size / GRAIN);
    power = 63u - (unsigned)__builtin_clzll(size);
    coarse = (size_t)(power - 20) * 4 + (size_t)(size >> (power - 2) & 3);
    return EXACT_CLASSES + (coarse < COARSE_CLASSES ? coarse : COARSE_CLASSES - 1);
}

/* Resident bytes of start … end. `from` is moved to the first pair that may reach behind `start`: callers go upwards. */
static uint64_t resident_bytes(struct pages resident, size_t *from, uint64_t start, uint64_t end)
{
    uint64_t sum = 0;

    while (*from < resident.count && resident.pairs[2 * *from + 1] <= start)
        (*from)++;
    for (size_t i = *from; i < resident.count && resident.pairs[2 * i] < end; i++) {
        uint64_t low = resident.pairs[2 * i] > start ? resident.pairs[2 * i] : start;
        uint64_t high = resident.pairs[2 * i + 1] < end ? resident.pairs[2 * i + 1] : end;
        sum += high > low ? high - low : 0;
    }
    return sum;
}

/* What malloc_trim would give back of a free run: the whole pages behind its first header (mtrim in malloc.c). */
static uint64_t trimmable(struct pages resident, size_t *from, uint64_t start, uint64_t end)
{
    uint64_t first = (start + TRIM_HEADER + PAGE - 1) & ~(PAGE - 1), last = end & ~(PAGE - 1);

    return end > start && first < last ? resident_bytes(resident, from, first, last) : 0;
}

static enum kind kind_of(const struct census *census, uint64_t index)
{
    if (census->top && census->start + index * GRAIN == census->top)
        return KIND_TOP;
    if (bit_is_set(census->used, index))
        return KIND_IN_USE;
    if (bit_is_set(census->fast, index))
        return KIND_FAST;
    return bit_is_set(census->cached, index) ? KIND_CACHED : KIND_FREE;
}

void heap_census(struct pages resident, struct census *census)
{
    uint64_t limit = (census->end - census->start) / GRAIN, index, next;
    uint64_t run_start = 0, run_end = 0; /* free chunks side by side: fastbins are merged before a trim */
    size_t pair = 0, run_pair = 0;

    for (index = next_bit(census->starts, 0, limit); index < limit; index = next) {
        enum kind kind = kind_of(census, index);
        uint64_t start = census->start + index * GRAIN, size;
        uint64_t *row;
        next = next_bit(census->starts, index + 1, limit);
        size = (next - index) * GRAIN;
        census->count[kind]++;
        census->bytes[kind] += size;
        census->resident[kind] += resident_bytes(resident, &pair, start, start + size);
        if (kind == KIND_FREE || kind == KIND_FAST) {
            if (run_end != start)
                run_start = start;
            run_end = start + size;
        } else {
            census->trimmable += trimmable(resident, &run_pair, run_start, run_end);
            run_start = run_end = 0;
        }
        if (kind == KIND_TOP)
            continue;
        row = census->histogram + 4 * class_of(size) + (kind == KIND_IN_USE ? 0 : 2);
        row[0]++;
        row[1] += size;
    }
    census->trimmable += trimmable(resident, &run_pair, run_start, run_end);
}
