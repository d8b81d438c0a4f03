/* Words of a chunk that is only perhaps held: which of those that point into the middle of another one are pointers? */
#ifndef MEMWHY_BELIEVE_H
#define MEMWHY_BELIEVE_H

#include "chunks.h"
#include "words.h"

#define BELIEVE_TAGS UINT64_C(7) /* what runtimes put into the low bits of a pointer */
#define BELIEVE_STOLEN 3         /* what C and C++ programs do: one bit or two */

struct believing {
    const struct chunks *chunks;
    struct words *words;
    uint64_t *claimed; /* by chunk number: it points to a chunk that points back; zeroed by the caller */
    size_t hint;
};

/* word, which stands at `at` in a chunk, points into the middle of `target`. Recycled chunks are full of such words that
 * nobody wiped; believed are
 * - a tagged pointer to the very start of the target;
 * - a link of a list or tree: both chunks have one size and the word's place in its own is near the place it points to,
 *   or what it points to points back to it;
 * - any, when nothing that the target points to points back to it: else its own graph is what it belongs to. */
int believe_word(struct believing *believing, uint64_t word, uint64_t at, const struct chunk *target);

/* word, which stands at `at` in a block newer than the walk, points to the very start of `target`. New blocks are full of
 * their earlier tenants' words, too. Believed when the target points back to where the word stands, as in lists and
 * trees that the new block has been linked into, or when nothing that the target points to points back to it. */
int believe_fresh(struct believing *believing, uint64_t at, const struct chunk *target);

/* Does the word at `at` stand behind a text, with its NUL, that fills its chunk as malloc would have cut it for that text?
 * Then nobody wrote the word: it is slack. */
int believe_behind_text(struct believing *believing, uint64_t at);

#endif
