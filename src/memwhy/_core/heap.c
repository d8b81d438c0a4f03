#define _GNU_SOURCE
#include "heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "bits.h"

/* Chunk headers: malloc/malloc.c of glibc, "struct malloc_chunk" and the macros behind it. */
#define PREV_INUSE 1u
#define IS_MMAPPED 2u
#define NON_MAIN_ARENA 4u
#define FLAGS 7u
#define LEAST_CHUNK 32u
#define FENCE_CHUNK 16u

#define PAGE ((uint64_t)4096)
#define WINDOW ((size_t)256 << 10) /* what was copied is still in the second cache when it is walked */

/* /proc/PID/mem goes through a page of the kernel's own; process_vm_readv(2) copies straight, a third faster. */
size_t heap_read(const struct memory *memory, uint64_t address, void *into, size_t size)
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
    window->end = page + heap_read(window->memory, page, window->bytes, wanted);
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
    return heap_read(window->memory, header + 8, &now, 8) == 8 && (now & ~(uint64_t)FLAGS) == size;
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
