/* One search under way, and what a word that it meets means for it. */
#ifndef MEMWHY_FOLLOW_H
#define MEMWHY_FOLLOW_H

#include "believe.h"
#include "chunks.h"
#include "columns.h"
#include "words.h"

enum owner { ROOT, CHUNK, FRESH, FREED }; /* whose words are read; a chunk is in the bits above (columns.h) */
#define KIND 3

/* A word into the middle of a chunk that may be a number. */
struct doubt {
    uint64_t word, at;
    uint32_t place;
    struct chunk target;
};

/* A piece of a heap that was read whole. What is reached inside it is followed at once: blocks that belong together mostly
 * came one after the other, and so lie side by side. */
struct near {
    uint64_t first, slots; /* which ones; slots is 0 when there is none */
    uint64_t at;           /* up to this one all that is pending was followed */
    uint64_t ahead;        /* the lowest one that was reached shortly behind a piece; UINT64_MAX: none */
    const uint64_t *words;
    struct chunk *reached; /* behind `at`, to be followed */
    size_t count;
    int64_t followed, credit; /* credit: pieces are read while they give more than they cost */
};

struct marking {
    const struct chunks *chunks;
    struct words *words;
    struct believing believing;
    uint64_t *sure, *maybe, *doubted, *pending, *freed;
    /* pending: reached and not read; freed: free since the walk, what they lead to is maybe */
    uint64_t *into; /* `maybe` or `doubted`: where the later rounds mark */
    uint64_t pending_count;
    uint64_t *list, *batch, *scratch; /* slots of headers: where chunks are pending */
    size_t listed, hint;
    struct near near;
    struct column *columns;
    uint64_t cache_key;    /* what glibc puts into chunks of tcaches; 0: not known */
    uint64_t counted_span; /* of words that are counted in columns; 0: no heap lies below 4 GiB */
    struct doubt *doubts;
    size_t doubt_count, doubt_room;
    int interior_too; /* a later round: whatever is reached now is at best "maybe" */
};

/* A words_sink: what do these words lead to? `marking` is the context. */
void follow(void *context, const uint64_t *words, size_t count, uint32_t owner, uint64_t address);

/* What was put off: in a column of numbers a word holds only when more speaks for it, else what it leads to is doubted. */
void settle(struct marking *marking);

/* A chunk was reached for the first time, and has to be read (mark.c). */
void enqueue(struct marking *marking, const struct chunk *found);

#endif
