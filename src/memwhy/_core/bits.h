/* Bitmaps, least significant bit first within a byte: of a heap, where bit i stands for the 16 bytes at start + 16 * i, and of
 * chunks by their number. On x86-64 a map of uint64 is one of bytes. */
#ifndef MEMWHY_BITS_H
#define MEMWHY_BITS_H

#include <stdint.h>
#include <string.h>

static inline int bit_is_set(const void *bits, uint64_t index)
{
    return ((const uint8_t *)bits)[index >> 3] >> (index & 7) & 1;
}

static inline void set_bit(void *bits, uint64_t index)
{
    ((uint8_t *)bits)[index >> 3] |= (uint8_t)(1u << (index & 7));
}

static inline void clear_bit(void *bits, uint64_t index)
{
    ((uint8_t *)bits)[index >> 3] &= (uint8_t) ~(1u << (index & 7));
}

/* The first set bit in from … limit - 1, or limit. */
static inline uint64_t next_bit(const uint8_t *bits, uint64_t from, uint64_t limit)
{
    uint64_t at = from;

    while (at < limit && (at & 63)) {
        if (bit_is_set(bits, at))
            return at;
        at++;
    }
    while (at + 64 <= limit) {
        uint64_t word;
        memcpy(&word, bits + (at >> 3), 8);
        if (word)
            return at + (uint64_t)__builtin_ctzll(word);
        at += 64;
    }
    while (at < limit && !bit_is_set(bits, at))
        at++;
    return at;
}

/* As wide as the oldest x86-64 allows: without the popcnt instruction, the compiler's own is a call. */
static inline uint32_t bits_count(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(word * 0x0101010101010101u >> 56);
}

/* Bits 64 * block … of a map of `limit` bits; zeros behind its end. */
static inline uint64_t bits_of_block(const uint8_t *bits, uint64_t block, uint64_t limit)
{
    uint64_t word = 0, left = limit - block * 64;

    if (left >= 64) {
        memcpy(&word, bits + block * 8, 8);
        return word;
    }
    memcpy(&word, bits + block * 8, (left + 7) / 8);
    return word & (((uint64_t)1 << left) - 1);
}

#endif
