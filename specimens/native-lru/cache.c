#include "cache.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 15 };

struct entry {
    struct entry *in_bucket, *older, *newer;
    unsigned long number;
    size_t size;
    char answer[];
};

struct cache {
    struct entry *buckets[BUCKETS];
    struct entry *oldest, *newest;
    size_t bytes, bound;
};

struct cache *cache_new(size_t bound_bytes) {
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        abort();
    cache->bound = bound_bytes;
    return cache;
}

static void leave_line(struct cache *cache, struct entry *entry) {
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
}

static void join_line(struct cache *cache, struct entry *entry) {
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void give_up(struct cache *cache, struct entry *entry) {
    struct entry **at = &cache->buckets[entry->number % BUCKETS];
    while (*at != entry)
        at = &(*at)->in_bucket;
    *at = entry->in_bucket;
    leave_line(cache, entry);
    cache->bytes -= entry->size;
    free(entry);
}

static struct entry *compute(unsigned long number) {
    size_t size = 512 + number * 2654435761u % 3072;
    struct entry *entry = malloc(sizeof *entry + size);
    if (entry == NULL)
        abort();
    memset(entry->answer, (int)number, size);
    entry->number = number;
    entry->size = sizeof *entry + size;
    return entry;
}

size_t cache_answer(struct cache *cache, unsigned long number) {
    struct entry **bucket = &cache->buckets[number % BUCKETS], *entry = *bucket;
    while (entry != NULL && entry->number != number)
        entry = entry->in_bucket;
    if (entry != NULL) {
        leave_line(cache, entry);
    } else {
        entry = compute(number);
        while (cache->bound != 0 && cache->oldest != NULL && cache->bytes + entry->size > cache->bound)
            give_up(cache, cache->oldest);
        entry->in_bucket = *bucket;
        *bucket = entry;
        cache->bytes += entry->size;
    }
    join_line(cache, entry);
    return cache->bytes;
}
