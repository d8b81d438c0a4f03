/* The table of outstanding sampled blocks: buckets of eight, a cache line of addresses each. An address has one bucket at the front, so that
 * few blocks touch few pages, and two behind it, of which it takes the emptier one. What is erased leaves no trace, so the table
 * does not age. */
#include "sampler.h"

#define BUCKETS (MW_LIVE / MW_WAYS)
#define FRONT (BUCKETS / 16)
#define PLACES 3
#define WRITING 1u

_Static_assert((BUCKETS & (BUCKETS - 1)) == 0 && MW_WAYS * 8 == 64, "a bucket is one cache line");

static uint64_t *addresses(void) { return (uint64_t *)(mw_data + MW_AT_LIVE_ADDRESSES); }
static struct mw_block *blocks(void) { return (struct mw_block *)(mw_data + MW_AT_LIVE_BLOCKS); }

static void places_of(uint64_t address, uint32_t first[PLACES])
{
    uint64_t mixed = mw_mixed(address);

    first[0] = (uint32_t)(mixed >> 52 & (FRONT - 1)) * MW_WAYS;
    first[1] = (FRONT + (uint32_t)((mixed & 0xffffff) * (BUCKETS - FRONT) >> 24)) * MW_WAYS;
    first[2] = (FRONT + (uint32_t)((mixed >> 24 & 0xffffff) * (BUCKETS - FRONT) >> 24)) * MW_WAYS;
}

/* Counts an address in or out of the bytes that free looks at first. One that has reached 255 has lost count and stays. */
static void mark_present(uint64_t address, int step)
{
    uint8_t *counter = (uint8_t *)mw_data + MW_AT_PRESENT + (address * MW_SHELL_HASH >> MW_SHELL_PRESENT_SHIFT);
    uint8_t count = __atomic_load_n(counter, __ATOMIC_RELAXED);

    while (count != UINT8_MAX && (step > 0 || count != 0)
           && !__atomic_compare_exchange_n(counter, &count, (uint8_t)(count + step), 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Whether a block with this tag still counts at this level: a random half of them at each step. */
int mw_is_kept(uint32_t tag, uint32_t level) { return (tag & ((1u << (level & 31)) - 1)) == 0; }

static int has_room(uint32_t at, uint32_t level)
{
    uint64_t address = __atomic_load_n(&addresses()[at], __ATOMIC_ACQUIRE);

    return address == 0 || (level != 0 && address != WRITING && !mw_is_kept(blocks()[at].tag, level));
}

/* What is free, and what thinning has struck out. */
static uint32_t room_of(uint32_t first, uint32_t level)
{
    uint32_t count = 0;

    for (uint32_t at = first; at < first + MW_WAYS; at++)
        count += (uint32_t)has_room(at, level);
    return count;
}

static int fill(uint32_t at, uint64_t expected, uint64_t address, const struct mw_block *block)
{
    if (!__atomic_compare_exchange_n(&addresses()[at], &expected, WRITING, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return 0;
    blocks()[at] = *block;
    mark_present(address, 1);
    if (expected != 0)
        mark_present(expected, -1);
    __atomic_store_n(&addresses()[at], address, __ATOMIC_RELEASE);
    return 1;
}

static int put_into(uint32_t first, uint32_t level, uint64_t address, const struct mw_block *block)
{
    for (uint32_t at = first; at < first + MW_WAYS; at++) {
        uint64_t old = __atomic_load_n(&addresses()[at], __ATOMIC_ACQUIRE);

        if (old != WRITING && has_room(at, level) && fill(at, old, address, block))
            return 1;
    }
    return 0;
}

/* False when all its buckets are full of blocks that count. */
int mw_live_put(uint64_t address, const struct mw_block *block)
{
    uint32_t first[PLACES], level = mw_level(), emptier;

    places_of(address, first);
    if (put_into(first[0], level, address, block))
        return 1;
    emptier = room_of(first[2], level) > room_of(first[1], level) ? 2 : 1;
    return put_into(first[emptier], level, address, block) || put_into(first[3 - emptier], level, address, block);
}

/* Takes a block out. Before its memory is given back, or another thread's new block could be found at the same address. */
int mw_live_take(uint64_t address, struct mw_block *block)
{
    uint32_t first[PLACES];

    places_of(address, first);
    for (uint32_t bucket = 0; bucket < PLACES; bucket++)
        for (uint32_t at = first[bucket]; at < first[bucket] + MW_WAYS; at++) {
            uint64_t found = __atomic_load_n(&addresses()[at], __ATOMIC_ACQUIRE);

            if (found != address)
                continue;
            *block = blocks()[at];
            if (!__atomic_compare_exchange_n(&addresses()[at], &found, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                continue;
            mark_present(address, -1);
            return 1;
        }
    return 0;
}
