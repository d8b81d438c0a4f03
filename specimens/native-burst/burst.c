#include "burst.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 16, SURVIVOR_BYTES = 48, BLOCKS_PER_SURVIVOR = 100 };

struct block {
    struct block *next;
};

static pthread_barrier_t filled;
static long each;
static struct block *survivors[THREADS];

static struct block *fresh(size_t size, struct block *next) {
    struct block *block = malloc(size);
    if (block == NULL)
        abort();
    memset(block, 1, size);
    block->next = next;
    return block;
}

/* Blocks of 256 to 2300 bytes; among them small ones that outlive the burst and hold their pages' neighbours in place. */
static void *work(void *number) {
    struct block **kept = &survivors[(long)number], *blocks = NULL;
    unsigned random = (unsigned)(long)number + 1;
    long count = 0;
    for (long bytes = 0; bytes < each; count++) {
        random = random * 1664525 + 1013904223;
        size_t size = 256 + (random >> 21);
        blocks = fresh(size, blocks);
        bytes += (long)size;
        if (count % BLOCKS_PER_SURVIVOR == 0)
            *kept = fresh(SURVIVOR_BYTES, *kept);
    }
    *kept = fresh(SURVIVOR_BYTES, *kept); /* the last one stands at the end of its arena, below the top */
    pthread_barrier_wait(&filled);
    while (blocks != NULL) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
    return NULL;
}

void burst(long total) {
    pthread_t threads[THREADS];
    each = total / THREADS;
    pthread_barrier_init(&filled, NULL, THREADS);
    for (long number = 0; number < THREADS; number++)
        if (pthread_create(&threads[number], NULL, work, (void *)number) != 0)
            abort();
    for (long number = 0; number < THREADS; number++)
        pthread_join(threads[number], NULL);
    pthread_barrier_destroy(&filled);
}

long request(long number) {
    struct block *block = fresh(64 + (size_t)(number % 4000), NULL);
    long sum = ((char *)block)[40];
    free(block);
    return sum;
}
