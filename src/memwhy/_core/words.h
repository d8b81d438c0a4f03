/* Words of another address space, many ranges at once: resident pages only, neighbours in one read, never a snapshot. */
#ifndef MEMWHY_WORDS_H
#define MEMWHY_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "memory.h"

#define WORDS_WINDOW (1 << 20)
#define WORDS_SPANS 16384
#define WORDS_RANGES 1024
#define WORDS_LINES 1024
#define WORDS_NEAR (1 << 18)

/* count words that stand at `address`; owner: as given to words_add. */
typedef void (*words_sink)(void *context, const uint64_t *words, size_t count, uint32_t owner, uint64_t address);

/* Called now and then with the bytes read so far; anything but 0 ends the work. */
typedef int (*words_tick)(void *context, uint64_t bytes);

struct words_span {
    uint64_t address;
    uint32_t offset, size, owner;
};

struct words {
    struct memory memory;
    const uint64_t *resident; /* rows of start, end in address order, disjoint */
    size_t resident_count, resident_hint;
    words_sink sink;
    void *context;
    words_tick tick;
    void *tick_context;
    uint64_t bytes; /* read and handed on so far */
    int stopped;
    char *window;
    size_t filled;
    struct words_span *spans;
    size_t span_count;
    struct iovec *ranges;
    size_t range_count;
    uint64_t *lines; /* page addresses of the read-ahead */
    char *pages;
    char *near;
};

/* -1: out of memory. memory, resident, sink, context and tick are set by the caller before. */
int words_open(struct words *words);
void words_close(struct words *words);

/* Hands the resident words of [start, end) to the sink, now or at the next flush. */
void words_add(struct words *words, uint64_t start, uint64_t end, uint32_t owner);
void words_flush(struct words *words);

/* So many bytes from `address` on are resident without a gap, `most` at most; 0 where it is not. */
uint64_t words_resident(struct words *words, uint64_t address, uint64_t most);

/* At most WORDS_NEAR bytes, zeros where they cannot be read; good until the next call. They are not counted. */
const uint64_t *words_load(struct words *words, uint64_t address, uint64_t size);

/* Calls the tick. */
void words_tell(struct words *words);

/* One word, read page by page and remembered; 0 where it is not resident. Not counted among the bytes read. */
uint64_t words_peek(struct words *words, uint64_t address);

#endif
