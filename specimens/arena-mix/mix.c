#include "mix.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2048, EVEN_BYTES = 1460, EPOCH = 20000 };

/* A block is often freed by another worker than the one that made it, so slots are exchanged atomically. */
static void *slots[WORKERS][SLOTS];
static uint64_t randoms[WORKERS];
static long made[WORKERS];

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    return *random ^= *random << 17;
}

/* From 16 bytes to 64 KiB, small ones more often. In every other epoch of a worker small blocks only. */
static size_t mixed(uint64_t drawn, long epoch) {
    unsigned largest = epoch % 2 == 0 ? 12 : 6;
    return 16 + (drawn >> 8) % ((size_t)16 << drawn % (largest + 1));
}

void mix(int worker, long count, int even) {
    uint64_t *random = &randoms[worker];
    if (*random == 0)
        *random = 0x9E3779B97F4A7C15u * (uint64_t)(worker + 1);
    for (long each = 0; each < count; each++) {
        uint64_t drawn = draw(random);
        size_t size = even ? EVEN_BYTES : mixed(drawn, made[worker]++ / EPOCH + worker);
        void *block = malloc(size);
        if (block == NULL)
            abort();
        memset(block, 1, size);
        unsigned whose = (unsigned)worker + (drawn >> 60 == 0 ? 1 : 0);
        void **slot = &slots[whose % WORKERS][drawn >> 32 & (SLOTS - 1)];
        free(__atomic_exchange_n(slot, block, __ATOMIC_ACQ_REL));
    }
}
