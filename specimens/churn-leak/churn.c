#include "churn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2048, LARGEST = 4096, COPIED = 240 };

static struct worker {
    char *blocks[SLOTS];
    uint64_t random;
    long done;
    char *last_copy;
} workers[WORKERS];

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    return *random ^= *random << 17;
}

static char *filled(size_t size, int value) {
    char *block = malloc(size);
    if (block == NULL)
        abort();
    memset(block, value, size);
    return block;
}

void churn(int number, long count, long leak_every) {
    struct worker *worker = &workers[number];
    if (worker->random == 0)
        worker->random = 0x9E3779B97F4A7C15u * (uint64_t)(number + 1);
    for (long each = 0; each < count; each++) {
        uint64_t drawn = draw(&worker->random);
        char **slot = &worker->blocks[drawn >> 32 & (SLOTS - 1)];
        free(*slot);
        *slot = filled(COPIED + drawn % (LARGEST - COPIED), number);
        if (leak_every != 0 && worker->done++ % leak_every == 0)
            worker->last_copy = memcpy(filled(COPIED, 0), *slot, COPIED); /* the copy before is lost */
    }
}
