#define _GNU_SOURCE
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096
#define GAP 512  /* bytes between two spans that are cheaper to read than to skip */
#define FEW 16   /* ranges: so few are a list being followed, and read page by page ahead */

int words_open(struct words *words)
{
    words->window = malloc(WORDS_WINDOW);
    words->spans = malloc(WORDS_SPANS * sizeof *words->spans);
    words->ranges = malloc(WORDS_RANGES * sizeof *words->ranges);
    words->lines = malloc(WORDS_LINES * sizeof *words->lines);
    words->pages = malloc((size_t)WORDS_LINES * PAGE);
    words->near = malloc(WORDS_NEAR);
    words->filled = words->span_count = words->range_count = words->resident_hint = 0;
    words->bytes = 0;
    words->stopped = 0;
    if (!words->window || !words->spans || !words->ranges || !words->lines || !words->pages || !words->near)
        return -1;
    memset(words->lines, 0xff, WORDS_LINES * sizeof *words->lines);
    return 0;
}

void words_close(struct words *words)
{
    free(words->window);
    free(words->spans);
    free(words->ranges);
    free(words->lines);
    free(words->pages);
    free(words->near);
}

/* All ranges into the window, one after another; zeros where they cannot be read. */
static void read_ranges(struct words *words)
{
    size_t done = 0;

    if (words->memory.count == 0 && words->memory.pid > 0) {
        struct iovec local = {words->window, words->filled};
        ssize_t got = process_vm_readv(words->memory.pid, &local, 1, words->ranges, words->range_count, 0);
        if (got == (ssize_t)words->filled)
            return;
    }
    for (size_t i = 0; i < words->range_count; i++) {
        size_t size = words->ranges[i].iov_len;
        size_t got = memory_read(&words->memory, (uint64_t)(uintptr_t)words->ranges[i].iov_base, words->window + done, size);
        memset(words->window + done + got, 0, size - got);
        done += size;
    }
}

/* Bytes that could be read. */
static size_t read_one(const struct words *words, uint64_t address, char *into, size_t size)
{
    struct iovec local = {into, size}, remote = {(void *)(uintptr_t)address, size};

    if (words->memory.count == 0 && words->memory.pid > 0 &&
        process_vm_readv(words->memory.pid, &local, 1, &remote, 1, 0) == (ssize_t)size)
        return size;
    return memory_read(&words->memory, address, into, size);
}

static const char *page_of(struct words *words, uint64_t page)
{
    size_t line = (size_t)(page / PAGE % WORDS_LINES);
    char *into = words->pages + line * PAGE;

    if (words->lines[line] != page) {
        size_t got = read_one(words, page, into, PAGE);
        memset(into + got, 0, PAGE - got);
        words->lines[line] = page;
    }
    return into;
}

static void read_ahead(struct words *words, const struct words_span *span)
{
    char *into = words->window + span->offset;
    uint64_t at = span->address, end = span->address + span->size;

    while (at < end) {
        uint64_t page = at & ~(uint64_t)(PAGE - 1);
        size_t piece = (size_t)((page + PAGE < end ? page + PAGE : end) - at);
        memcpy(into, page_of(words, page) + (at - page), piece);
        into += piece;
        at += piece;
    }
}

void words_tell(struct words *words)
{
    if (words->tick != NULL && words->tick(words->tick_context, words->bytes))
        words->stopped = 1;
}

void words_flush(struct words *words)
{
    if (words->span_count && !words->stopped) {
        if (words->range_count <= FEW && words->filled <= FEW * PAGE)
            for (size_t i = 0; i < words->span_count; i++)
                read_ahead(words, &words->spans[i]);
        else
            read_ranges(words);
        for (size_t i = 0; i < words->span_count; i++) {
            const struct words_span *span = &words->spans[i];
            words->sink(words->context, (const uint64_t *)(const void *)(words->window + span->offset), span->size / 8,
                        span->owner, span->address);
            words->bytes += span->size;
        }
        words_tell(words);
    }
    words->filled = words->span_count = words->range_count = 0;
}

/* One piece that is resident throughout and no larger than the window; joins: so is all from the last range up to it. */
static void add_piece(struct words *words, uint64_t start, size_t size, uint32_t owner, int joins)
{
    struct iovec *last = words->range_count ? &words->ranges[words->range_count - 1] : NULL;
    uint64_t last_start = last ? (uint64_t)(uintptr_t)last->iov_base : 0, last_end = last ? last_start + last->iov_len : 0;
    size_t more = size; /* bytes that the window has to take */

    joins = joins && last != NULL && start >= last_start && start <= last_end + GAP;
    if (joins)
        more = start + size > last_end ? (size_t)(start + size - last_end) : 0;
    if (words->span_count == WORDS_SPANS || words->filled + more > WORDS_WINDOW ||
        (!joins && words->range_count == WORDS_RANGES)) {
        words_flush(words);
        joins = 0;
        more = size;
    }
    if (joins) {
        size_t offset = words->filled - last->iov_len + (size_t)(start - last_start);
        last->iov_len += more;
        words->spans[words->span_count++] = (struct words_span){start, (uint32_t)offset, (uint32_t)size, owner};
    } else {
        words->ranges[words->range_count].iov_base = (void *)(uintptr_t)start;
        words->ranges[words->range_count++].iov_len = size;
        words->spans[words->span_count++] = (struct words_span){start, (uint32_t)words->filled, (uint32_t)size, owner};
    }
    words->filled += more;
}

/* The first resident row that ends behind `address`; the last answer is tried first, then the one after it. */
static size_t resident_from(const struct words *words, uint64_t address)
{
    size_t low = 0, high = words->resident_count, hint = words->resident_hint;

    if (hint < high && words->resident[2 * hint] <= address && address < words->resident[2 * hint + 1])
        return hint;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (words->resident[2 * middle + 1] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t words_resident(struct words *words, uint64_t address, uint64_t most)
{
    size_t row = resident_from(words, address);

    if (row == words->resident_count || words->resident[2 * row] > address)
        return 0;
    return words->resident[2 * row + 1] - address < most ? words->resident[2 * row + 1] - address : most;
}

const uint64_t *words_load(struct words *words, uint64_t address, uint64_t size)
{
    size_t got = read_one(words, address, words->near, (size_t)size);

    memset(words->near + got, 0, (size_t)size - got);
    return (const uint64_t *)(const void *)words->near;
}

uint64_t words_peek(struct words *words, uint64_t address)
{
    size_t row = resident_from(words, address);
    uint64_t word;

    if (address % 8 || row == words->resident_count || words->resident[2 * row] > address || words->resident[2 * row + 1] < address + 8)
        return 0;
    memcpy(&word, page_of(words, address & ~(uint64_t)(PAGE - 1)) + address % PAGE, 8);
    return word;
}

void words_add(struct words *words, uint64_t start, uint64_t end, uint32_t owner)
{
    start = (start + 7) & ~(uint64_t)7;
    end &= ~(uint64_t)7;
    while (start < end && !words->stopped) {
        size_t row = resident_from(words, start);
        uint64_t from, to;
        int joins = row == words->resident_hint;
        if (row == words->resident_count || words->resident[2 * row] >= end)
            return;
        words->resident_hint = row;
        from = words->resident[2 * row] > start ? words->resident[2 * row] : start;
        to = words->resident[2 * row + 1] < end ? words->resident[2 * row + 1] : end;
        start = to;
        from = (from + 7) & ~(uint64_t)7;
        to &= ~(uint64_t)7;
        while (from < to && !words->stopped) {
            size_t size = to - from > WORDS_WINDOW ? WORDS_WINDOW : (size_t)(to - from);
            add_piece(words, from, size, owner, joins);
            from += size;
        }
    }
}
