#include "heap.h"

#include "bits.h"

#define PAGE ((uint64_t)4096)
#define TRIM_HEADER 48u /* sizeof(struct malloc_chunk): what malloc_trim leaves before the pages it gives back */

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

/* While one heap is counted. run: free chunks side by side, fastbins among them, which are merged before a trim. */
struct count {
    struct pages resident;
    size_t pair, run_pair;
    uint64_t run_start, run_end;
};

static void count_trimmable(struct census *census, struct count *count)
{
    if (count->run_end)
        census->trimmable += trimmable(count->resident, &count->run_pair, count->run_start, count->run_end);
    count->run_start = count->run_end = 0;
}

static void count_class(struct census *census, enum kind kind, uint64_t size)
{
    uint64_t *row = census->histogram + 4 * class_of(size) + (kind == KIND_IN_USE ? 0 : 2);

    row[0]++;
    row[1] += size;
}

static void count_chunk(struct census *census, struct count *count, enum kind kind, uint64_t start, uint64_t size)
{
    census->count[kind]++;
    census->bytes[kind] += size;
    census->resident[kind] += resident_bytes(count->resident, &count->pair, start, start + size);
    if (kind == KIND_FREE || kind == KIND_FAST) {
        if (count->run_end != start)
            count->run_start = start;
        count->run_end = start + size;
    } else {
        count_trimmable(census, count);
    }
    if (kind != KIND_TOP)
        count_class(census, kind, size);
}

static int is_resident(struct count *count, uint64_t start, uint64_t end)
{
    const uint64_t *pair = count->resident.pairs + 2 * count->pair;

    return count->pair < count->resident.count && pair[0] <= start && end <= pair[1];
}

/* Chunks in use side by side on resident pages, nearly all of most heaps: from the one at `before` up to the last that
   begins in a block of bits. Returns that one, which is not counted yet. */
static uint64_t count_run(struct census *census, uint64_t before, uint64_t block, uint64_t word)
{
    uint64_t chunks = 0, at = before;

    for (; word; word &= word - 1, chunks++) {
        uint64_t index = block * 64 + (uint64_t)__builtin_ctzll(word);
        count_class(census, KIND_IN_USE, (index - at) * GRAIN);
        at = index;
    }
    census->count[KIND_IN_USE] += chunks;
    census->bytes[KIND_IN_USE] += (at - before) * GRAIN;
    census->resident[KIND_IN_USE] += (at - before) * GRAIN;
    return at;
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
    uint64_t limit = (census->end - census->start) / GRAIN, start = census->start, before = UINT64_MAX;
    struct count count = {resident, 0, 0, 0, 0};
    enum kind kind = KIND_FREE;

    for (uint64_t block = 0; block * 64 < limit; block++) {
        uint64_t word = bits_of_block(census->starts, block, limit), first = start + block * 64 * GRAIN;
        if (word && kind == KIND_IN_USE && (word & ~bits_of_block(census->used, block, limit)) == 0 &&
            census->top - first >= 64 * GRAIN && is_resident(&count, start + before * GRAIN, first + 64 * GRAIN)) {
            count_trimmable(census, &count);
            before = count_run(census, before, block, word);
            continue;
        }
        for (; word; word &= word - 1) {
            uint64_t index = block * 64 + (uint64_t)__builtin_ctzll(word);
            if (before != UINT64_MAX)
                count_chunk(census, &count, kind, start + before * GRAIN, (index - before) * GRAIN);
            before = index;
            kind = kind_of(census, index);
        }
    }
    if (before != UINT64_MAX)
        count_chunk(census, &count, kind, start + before * GRAIN, (limit - before) * GRAIN);
    count_trimmable(census, &count);
}
