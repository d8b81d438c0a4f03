/* What stands at one place of all chunks of one size: pointers, or numbers that look like them? */
#ifndef MEMWHY_COLUMNS_H
#define MEMWHY_COLUMNS_H

#include <stdint.h>
#include <stdlib.h>

#define COLUMNS_WORDS 1024 /* of the largest chunk that has columns */
#define COLUMNS_SHIFT 11   /* above these bits of an owner stand the words of its chunk */
#define COLUMNS_ASTRAY 16  /* so many words that point to no chunk make a column one of numbers */

/* Where numbers are counted, from malloc's heap below 4 GiB up: Linux maps nothing above it there by itself. */
#define COLUMNS_SPAN (UINT64_C(1) << 36)

/* Words in that range: those that point to a chunk, and the others. */
struct column {
    uint32_t pointing, astray;
};

/* By words of the chunk, then by the word's place. Mostly never touched. */
static inline struct column *columns_open(void)
{
    return calloc((COLUMNS_WORDS + 1) * COLUMNS_WORDS, sizeof(struct column));
}

/* A chunk in 30 bits, shifted left by two: where it begins, modulo 8 KiB, and its words; 0 when it is too large. */
static inline uint32_t columns_owner(uint64_t from, uint64_t to)
{
    uint64_t words = (to - from) / 8;

    return words <= COLUMNS_WORDS ? (uint32_t)(words << COLUMNS_SHIFT | (from >> 4 & 0x1ff) << 2) : 0;
}

/* Which column the word at `address` stands in; 0 when its chunk is too large. */
static inline uint32_t columns_place(uint32_t owner, uint64_t address)
{
    uint32_t words = owner >> COLUMNS_SHIFT, from = (owner >> 2 & 0x1ff) << 4;

    return words ? words * COLUMNS_WORDS + ((uint32_t)(address - from) & (8 * COLUMNS_WORDS - 1)) / 8 : 0;
}

static inline void columns_note(struct column *columns, uint32_t place, int points)
{
    if (points)
        columns[place].pointing++;
    else
        columns[place].astray++;
}

/* Pointers point to something. Random numbers, hashes and texts do so now and then; and words that are no multiples of 8 are
 * not taken for pointers into the middle of a chunk at all (chunks.h). */
static inline int columns_hold_numbers(const struct column *columns, uint32_t place)
{
    return columns[place].astray >= COLUMNS_ASTRAY && columns[place].astray >= columns[place].pointing;
}

#endif
