/* Reachability: which chunks in use do the roots lead to, surely or perhaps. */
#ifndef MEMWHY_MARK_H
#define MEMWHY_MARK_H

#include "chunks.h"
#include "words.h"

struct mark_roots {
    const uint64_t *rows; /* start, end */
    size_t count;
};

/* Where the search begins. known: words that are roots themselves (registers). came: blocks newer than the walk: roots like
 * the certain ones, as far as their words are believed; recent: memory that was a block's a moment ago: the same, but what it
 * leads to is doubted. */
struct mark_from {
    struct mark_roots certain, doubtful, came, recent;
    const uint64_t *known;
    size_t known_count;
    uint64_t cache_key; /* the second word of chunks in tcaches, glibc 2.34 and later; 0: not known */
};

/* Bitmaps by chunk number, zeroed by the caller, total / 64 + 1 words each; no chunk is in two of the first three.
 * sure: reached from `certain` roots and `came` through words that are exactly what malloc gave out; firm: those of them that
 * the certain roots alone lead to. maybe: the others that are reached from those or from `doubtful`, through exact words and
 * through such words into the middle of a chunk as believe.h believes; of certain roots, and (but for slack behind text) of
 * sure chunks, all are believed, unless they are numbers. doubted: what else is reached, from `recent`, and by words into
 * the middle of a chunk that stand, in a heap below 4 GiB, where chunks of that size have numbers (columns.h), and that
 * believe.h does not believe. */
struct marks {
    uint64_t *sure, *maybe, *doubted, *firm;
    uint64_t roots_bytes;
};

/* words: all set but sink and context. 0, or -1: out of memory, or -2: the tick ended it. */
int mark_chunks(const struct chunks *chunks, struct words *words, const struct mark_from *from, struct marks *marks);

#endif
