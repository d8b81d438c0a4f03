#include "follow.h"

#include <stdlib.h>

#define ADDRESS_BITS 48 /* of user space with four levels of page tables; above, programs keep types and counts */
#define DOUBTS (1 << 20) /* words that are judged at the end of a round */

/* A value with something in its upper 16 bits (NaN boxes, tags): exact hits only, and never sure. */
static void follow_boxed(struct marking *marking, uint64_t word, uint32_t owner, uint64_t at)
{
    struct chunk found;

    if (chunks_resolve(marking->chunks, word & ((UINT64_C(1) << ADDRESS_BITS) - 1), &marking->hint, 0, &found) != CHUNK_EXACT ||
        bit_is_set(marking->sure, found.number) || bit_is_set(marking->into, found.number) || bit_is_set(marking->maybe, found.number))
        return;
    if (owner == FRESH && !believe_fresh(&marking->believing, at, &found))
        return;
    if ((owner == CHUNK || owner == FREED) && believe_behind_text(&marking->believing, at))
        return;
    set_bit(marking->into, found.number);
    if (marking->interior_too)
        enqueue(marking, &found);
}

/* 0: there is no room, the word has to be judged now. */
static int doubt(struct marking *marking, uint64_t word, uint64_t at, uint32_t place, const struct chunk *target)
{
    if (marking->doubt_count == marking->doubt_room) {
        size_t room = marking->doubt_room ? 2 * marking->doubt_room : 1024;
        struct doubt *more = room > DOUBTS ? NULL : realloc(marking->doubts, room * sizeof *more);
        if (more == NULL)
            return 0;
        marking->doubts = more;
        marking->doubt_room = room;
    }
    marking->doubts[marking->doubt_count++] = (struct doubt){word, at, place, *target};
    return 1;
}

/* A word of a root or of a chunk that is surely held, which points into the middle of another one. */
static void follow_inside(struct marking *marking, uint64_t word, uint32_t owner, uint64_t at, const struct chunk *found)
{
    uint32_t place = columns_place(owner, at);

    if (bit_is_set(marking->maybe, found->number))
        return;
    if (word < CHUNKS_LOW && place && doubt(marking, word, at, place, found))
        return;
    if (owner == ROOT ||
        ((owner & KIND) == CHUNK && (word & BELIEVE_TAGS) <= BELIEVE_STOLEN && !believe_behind_text(&marking->believing, at)) ||
        believe_word(&marking->believing, word, at, found))
        set_bit(marking->maybe, found->number);
}

void settle(struct marking *marking)
{
    for (size_t i = 0; i < marking->doubt_count; i++) {
        const struct doubt *one = &marking->doubts[i];
        int behind_text, numbers = columns_hold_numbers(marking->columns, one->place);
        if (bit_is_set(marking->sure, one->target.number) || bit_is_set(marking->maybe, one->target.number))
            continue;
        behind_text = believe_behind_text(&marking->believing, one->at);
        if ((!numbers && !behind_text) || believe_word(&marking->believing, one->word, one->at, &one->target))
            set_bit(marking->maybe, one->target.number);
        else if (!behind_text)
            set_bit(marking->doubted, one->target.number);
    }
}

/* Is a chunk that the walk saw in use free by now? *count: its words, and behind them the next header's size where that was
 * read with them; it is taken off. In the bins: PREV_INUSE of that size is not set. In a tcache: the second word is the key, and
 * the first one is the next chunk's address, xored with the page of its own place (malloc.c, tcache_put and PROTECT_PTR). */
static int is_free(const struct marking *marking, const uint64_t *words, size_t *count, uint32_t owner, uint64_t address)
{
    size_t whole = owner >> COLUMNS_SHIFT;
    uint64_t next;

    if (whole == 0 || columns_place(owner, address) % COLUMNS_WORDS)
        return 0; /* large, or its begin is not here */
    if (*count == whole + 1 && !(words[--*count] & 1))
        return 1;
    if (*count < 2 || marking->cache_key == 0 || words[1] != marking->cache_key)
        return 0;
    next = words[0] ^ address >> 12;
    return next == 0 || (next % 16 == 0 && chunks_region_of(marking->chunks, next) != NULL);
}

/* Of what was freed since the walk as much is believed as if it still were in use: the pointer to it was left a moment ago. */
static int is_plain(struct marking *marking, uint64_t word, uint32_t owner, uint64_t at)
{
    return (owner & KIND) == FREED && (word & BELIEVE_TAGS) <= BELIEVE_STOLEN && !believe_behind_text(&marking->believing, at);
}

void follow(void *context, const uint64_t *words, size_t count, uint32_t owner, uint64_t address)
{
    struct marking *marking = context;
    const struct chunks *chunks = marking->chunks;
    struct chunk me;

    if ((owner & KIND) == CHUNK && is_free(marking, words, &count, owner, address) && !marking->interior_too) {
        if (chunks_resolve(chunks, address, &marking->hint, 0, &me) == CHUNK_EXACT)
            set_bit(marking->freed, me.number);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t word = words[i], at = address + 8 * i;
        struct chunk found;
        enum chunk_hit hit = chunks_resolve(chunks, word, &marking->hint, 1, &found);
        if (word - chunks->low < marking->counted_span && owner > KIND && !marking->interior_too)
            columns_note(marking->columns, columns_place(owner, at), hit != CHUNK_NONE);
        if (hit == CHUNK_NONE && word >> ADDRESS_BITS)
            follow_boxed(marking, word, owner & KIND, at);
        if (hit == CHUNK_NONE || bit_is_set(marking->sure, found.number))
            continue;
        if (hit == CHUNK_EXACT && (owner & KIND) == FRESH && !believe_fresh(&marking->believing, at, &found))
            continue;
        if (marking->interior_too) {
            if (bit_is_set(marking->into, found.number) || bit_is_set(marking->maybe, found.number))
                continue;
            if (hit == CHUNK_INTERIOR && !is_plain(marking, word, owner, at) && !believe_word(&marking->believing, word, at, &found))
                continue;
            set_bit(marking->into, found.number);
            enqueue(marking, &found);
        } else if (hit == CHUNK_EXACT) {
            set_bit(marking->sure, found.number);
            enqueue(marking, &found);
        } else {
            follow_inside(marking, word, owner, at, &found);
        }
    }
}
