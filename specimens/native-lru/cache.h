#include <stddef.h>

/* A cache of answers by number. With a bound it gives up those that were not asked for the longest. */
struct cache;
struct cache *cache_new(size_t bound_bytes);
size_t cache_answer(struct cache *cache, unsigned long number);
