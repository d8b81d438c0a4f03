/* Numbers by 64-bit keys: open addressing, doubled when half full. */
#ifndef MEMWHY_PPROF_INDEX_H
#define MEMWHY_PPROF_INDEX_H

#include <stdint.h>
#include <stdlib.h>

#define INDEX_NONE UINT32_MAX

struct index {
    uint64_t *keys;
    uint32_t *values;
    size_t slots, used;
};

static inline uint64_t index_mix(uint64_t key)
{
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ key >> 33;
}

static inline void index_free(struct index *index)
{
    free(index->keys);
    free(index->values);
    index->keys = NULL;
    index->values = NULL;
    index->slots = index->used = 0;
}

/* The slot of a key, or the free one where it belongs. */
static inline size_t index_slot(const struct index *index, uint64_t key)
{
    size_t at = index_mix(key) & (index->slots - 1);

    while (index->values[at] != INDEX_NONE && index->keys[at] != key)
        at = (at + 1) & (index->slots - 1);
    return at;
}

static inline uint32_t index_get(const struct index *index, uint64_t key)
{
    return index->slots ? index->values[index_slot(index, key)] : INDEX_NONE;
}

static inline int index_grow(struct index *index)
{
    struct index larger = {NULL, NULL, index->slots ? index->slots * 2 : 1024, index->used};
    size_t i;

    larger.keys = malloc(larger.slots * sizeof *larger.keys);
    larger.values = malloc(larger.slots * sizeof *larger.values);
    if (!larger.keys || !larger.values) {
        index_free(&larger);
        return -1;
    }
    for (i = 0; i < larger.slots; i++)
        larger.values[i] = INDEX_NONE;
    for (i = 0; i < index->slots; i++)
        if (index->values[i] != INDEX_NONE) {
            size_t at = index_slot(&larger, index->keys[i]);
            larger.keys[at] = index->keys[i];
            larger.values[at] = index->values[i];
        }
    index_free(index);
    *index = larger;
    return 0;
}

/* Where the value of a key stands, INDEX_NONE in it when the key is new; NULL without memory. */
static inline uint32_t *index_put(struct index *index, uint64_t key)
{
    size_t at;

    if (index->used * 2 >= index->slots && index_grow(index))
        return NULL;
    at = index_slot(index, key);
    if (index->values[at] == INDEX_NONE) {
        index->keys[at] = key;
        index->used++;
    }
    return &index->values[at];
}

#endif
