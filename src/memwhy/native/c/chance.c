/* Draws and probabilities in integers: a target may have unmasked floating-point exceptions or changed the rounding.
 *
 * A block of s bytes is sampled when the current gap, exponential with mean T, ends inside it: P = 1 - exp(-s/T), independent of all others.
 * Both series are cut where the rest is below 2^-44 of the result, and the fixed point carries 57 bits behind the point. */
#include "sampler.h"

#define POINT 57u
#define LN2 UINT64_C(0x162e42fefa39ef3) /* ln 2, 57 bits behind the point */
#define CERTAIN 44u                     /* exp(-44) is below 2^-62 */

/* hi:lo / divisor, for hi < divisor. */
static uint64_t quotient(uint64_t hi, uint64_t lo, uint64_t divisor)
{
    uint64_t result, rest;

    __asm__("divq %4" : "=a"(result), "=d"(rest) : "a"(lo), "d"(hi), "r"(divisor) : "cc");
    return result;
}

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), the finaliser of SplitMix64. */
uint64_t mw_mixed(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t mw_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mw_mixed(*state);
}

/* -ln(random / 2^64): with m in [1, 2) it is k ln 2 + ln(2 / m), and ln(2 / m) = 2 atanh((2 - m) / (2 + m)), of positive terms only. */
static uint64_t minus_log(uint64_t random)
{
    /* 1 / (2i + 1), 63 bits behind the point */
    static const uint64_t odd[] = {
        UINT64_C(1) << 63,        UINT64_C(0x2aaaaaaaaaaaaaab), UINT64_C(0x199999999999999a), UINT64_C(0x1249249249249249),
        UINT64_C(0xe38e38e38e38e39), UINT64_C(0xba2e8ba2e8ba2e9), UINT64_C(0x9d89d89d89d89d9), UINT64_C(0x888888888888889),
        UINT64_C(0x787878787878788), UINT64_C(0x6bca1af286bca1b), UINT64_C(0x618618618618618), UINT64_C(0x590b21642c8590b),
        UINT64_C(0x51eb851eb851eb8), UINT64_C(0x4bda12f684bda13),
    };
    unsigned int k = (unsigned int)__builtin_clzll(random | 1);
    uint64_t m = (random | 1) << k; /* 63 bits behind the point */
    uint64_t rest = 0 - m;          /* 2 - m */
    uint64_t d = quotient(rest >> 2, rest << 62, (UINT64_C(1) << 62) + (m >> 2)); /* 64 bits behind the point, at most 1/3 */
    uint64_t square = mw_high_product(d, d);
    uint64_t sum = 0;

    for (int i = 13; i >= 0; i--)
        sum = odd[i] + mw_high_product(sum, square);
    return (mw_high_product(d, sum) >> (62 - POINT)) + k * LN2;
}

/* Bytes up to the end of the next gap, at least 1: P(gap <= s) = 1 - exp(-s/T) for whole s because the gap is rounded up. */
uint64_t mw_gap(uint64_t random, uint64_t period_bytes)
{
    unsigned __int128 gap = (unsigned __int128)minus_log(random) * period_bytes;

    return (uint64_t)(gap >> POINT) + 1;
}

/* 1 - exp(-bytes / period_bytes), in units of 1 / MW_ONE. period_bytes: from 1 to 2^56. */
uint64_t mw_probability(uint64_t bytes, uint64_t period_bytes)
{
    /* 1 / i!, 63 bits behind the point */
    static const uint64_t factorial[] = {
        0,
        UINT64_C(1) << 63,           UINT64_C(1) << 62,           UINT64_C(0x1555555555555555), UINT64_C(0x555555555555555),
        UINT64_C(0x111111111111111), UINT64_C(0x2d82d82d82d82e),  UINT64_C(0x6806806806807),    UINT64_C(0xd00d00d00d01),
        UINT64_C(0x171de3a556c7),    UINT64_C(0x24fc9f6ef14),     UINT64_C(0x35cc8acfeb),       UINT64_C(0x47bb63bfe),
        UINT64_C(0x5849184f),        UINT64_C(0x64e5d2a),
    };
    uint64_t x, k, f, sum, below;

    if (bytes / CERTAIN >= period_bytes)
        return MW_ONE;
    x = quotient(bytes >> (64 - POINT), bytes << POINT, period_bytes);
    k = x / LN2;
    f = (x - k * LN2) << (64 - POINT); /* 64 bits behind the point, below ln 2 */
    sum = 0;
    for (int i = 14; i >= 1; i--)
        sum = factorial[i] - mw_high_product(f, sum);
    below = (UINT64_C(1) << 63) - mw_high_product(f, sum); /* exp(-f) */
    return MW_ONE - (below >> 1 >> k);
}

/* bytes / probability, rounded up or down by a draw so that the mean is exact. */
uint64_t mw_weight(uint64_t bytes, uint64_t probability, uint64_t random)
{
    uint64_t lo = bytes << 62, hi = bytes >> 2, spare = mw_high_product(random, probability);

    lo += spare;
    hi += lo < spare;
    return hi < probability ? quotient(hi, lo, probability) : bytes;
}
