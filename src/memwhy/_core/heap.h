/* malloc's heaps: from a heap's bytes to one bit per 16 bytes, and from those bits to sums. No policy, no global state. */
#ifndef MEMWHY_HEAP_H
#define MEMWHY_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

#define GRAIN 16

/* Resident pages: `count` pairs start, end in address order. */
struct pages {
    const uint64_t *pairs;
    size_t count;
};

enum ending {
    ENDING_TOP = 0,       /* at the arena's top chunk */
    ENDING_FENCE = 1,     /* at a fencepost, where malloc went on elsewhere */
    ENDING_LIMIT = 2,     /* exactly at `end` */
    ENDING_BROKEN = 3,    /* a header that malloc would not write there */
    ENDING_UNREADABLE = 4 /* a page that is not resident, or could not be read */
};

/* One walk from the header at `begin`. starts, used: bits for start … end, zero from `begin` on. */
struct walk {
    uint64_t start, begin, end, top;
    int main_arena; /* then no header may carry the flag of another arena */
    uint8_t *starts, *used;
    uint64_t stop; /* out: where it ended: the top, the fence, or the first bad header */
    uint64_t chunks;
    enum ending ending;
};

/* Up to `size` bytes at an address, by the cheapest way there is; how many. */
size_t heap_read(const struct memory *memory, uint64_t address, void *into, size_t size);

/* 0, or -1 without memory for the window. */
int heap_walk(const struct memory *memory, struct pages resident, struct walk *walk);

/* The bits of one heap among several; start, end as in struct walk. */
struct bits {
    uint64_t start, end;
    const uint8_t *starts;
    uint8_t *used, *marked;
};

/* A free list. adjust: what a link points behind the chunk's header. size: of every chunk in it; 0: any. */
struct chain {
    uint64_t head, size, adjust, most;
    int mangled; /* links are exclusive-ored with their own address >> 12 (safe-linking) */
    uint64_t count, bytes;
    int whole; /* out: the chain ended with a null link */
};

/* Follow chains through heaps in address order: each chunk found loses its bit in `used` and gets one in `marked`. */
int heap_follow(const struct memory *memory, const struct bits *heaps, size_t heap_count, struct chain *chains,
                size_t chain_count);

/* The headers' addresses of chunks in use of `least` … `largest` bytes, at most `most`; how many. */
size_t heap_pick(uint64_t start, uint64_t end, const uint8_t *starts, const uint8_t *used, uint64_t least,
                 uint64_t largest, uint64_t *into, size_t most);

enum kind { KIND_IN_USE, KIND_FREE, KIND_FAST, KIND_CACHED, KIND_TOP, KINDS };

#define EXACT_CLASSES ((1 << 20) / GRAIN + 1)
#define COARSE_CLASSES 108 /* four per power of two, from 2^20 to 2^47 */
#define CLASSES (EXACT_CLASSES + COARSE_CLASSES)

/* Sums over the chunks of one heap. histogram: CLASSES rows of in-use count, in-use bytes, free count, free bytes. */
struct census {
    uint64_t start, end, top; /* end: behind the last chunk; top: 0 when it is not here */
    const uint8_t *starts, *used, *fast, *cached;
    uint64_t count[KINDS], bytes[KINDS], resident[KINDS];
    uint64_t trimmable;
    uint64_t *histogram;
};

void heap_census(struct pages resident, struct census *census);

#endif
