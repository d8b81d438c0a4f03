#include "mark.h"

#include "believe.h"
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#define LIST 65536 /* chunks to be read next; what does not fit waits in a bitmap */
#define DIGIT 11
#define ADDRESS_BITS 48 /* of user space with four levels of page tables; above, programs keep types and counts */
#define DOUBTS (1 << 20) /* words that are judged at the end of a round */

enum owner { ROOT, CHUNK, FRESH, FREED }; /* whose words are read; a chunk is in the bits above (columns.h) */
#define KIND 3

/* A word into the middle of a chunk that may be a number. */
struct doubt {
    uint64_t word, at;
    uint32_t place;
    struct chunk target;
};

struct marking {
    const struct chunks *chunks;
    struct words *words;
    struct believing believing;
    uint64_t *sure, *maybe, *doubted, *pending, *freed;
    /* freed: free since the walk; what they lead to is maybe */
    uint64_t *into; /* `maybe` or `doubted`: where the later rounds mark */
    uint64_t pending_count;
    uint64_t *list, *batch, *scratch; /* slots of headers */
    size_t listed, hint;
    struct column *columns;
    uint64_t cache_key;    /* what glibc puts into chunks of tcaches; 0: not known */
    uint64_t counted_span; /* of words that are counted in columns; 0: no heap lies below 4 GiB */
    struct doubt *doubts;
    size_t doubt_count, doubt_room;
    int interior_too; /* a later round: whatever is reached now is at best "maybe" */
};

static void enqueue(struct marking *marking, const struct chunk *found)
{
    if (marking->listed < LIST) {
        marking->list[marking->listed++] = found->slot;
    } else {
        set_bit(marking->pending, found->number);
        marking->pending_count++;
    }
}

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

/* What was put off: in a column of numbers a word holds only when more speaks for it, else what it leads to is doubted. */
static void settle(struct marking *marking)
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

static void follow(void *context, const uint64_t *words, size_t count, uint32_t owner, uint64_t address)
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

/* Least significant digit first; the answer is in one of the two arrays. */
static uint64_t *sorted(uint64_t *keys, uint64_t *scratch, size_t count)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < count; i++)
        largest |= keys[i];
    for (unsigned shift = 0; shift < 64 && largest >> shift; shift += DIGIT) {
        size_t places[1 << DIGIT] = {0}, sum = 0;
        uint64_t *swap = keys;
        for (size_t i = 0; i < count; i++)
            places[keys[i] >> shift & ((1 << DIGIT) - 1)]++;
        for (size_t digit = 0; digit < 1 << DIGIT; digit++) {
            size_t here = places[digit];
            places[digit] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            scratch[places[keys[i] >> shift & ((1 << DIGIT) - 1)]++] = keys[i];
        keys = scratch;
        scratch = swap;
    }
    return keys;
}

static int is_freed(const struct marking *marking, const struct chunk_region *region, uint64_t slot)
{
    struct chunk me;

    return region->starts != NULL && chunks_at(region, slot, &me) && bit_is_set(marking->freed, me.number);
}

static void read_chunk(struct marking *marking, const struct chunk_region *region, uint64_t slot)
{
    uint64_t from, to, whole;
    uint32_t owner;

    chunks_extent(region, slot, &from, &to, &whole);
    owner = (marking->interior_too && is_freed(marking, region, slot) ? FREED : CHUNK) | columns_owner(from, to);
    if ((owner & KIND) == CHUNK && owner >> COLUMNS_SHIFT && to == from + whole - 8)
        to += 8; /* the size in the next header: is_free */
    words_add(marking->words, from, to, owner);
}

static void read_listed(struct marking *marking)
{
    size_t count = marking->listed;
    uint64_t *keys = marking->list;
    const struct chunk_region *region = NULL;

    marking->list = marking->batch;
    marking->batch = keys;
    marking->listed = 0;
    if (count > 1)
        keys = sorted(keys, marking->scratch, count);
    for (size_t i = 0; i < count && !marking->words->stopped; i++) {
        if (region == NULL || keys[i] - region->first_slot >= region->slots)
            region = chunks_region_of_slot(marking->chunks, keys[i]);
        read_chunk(marking, region, keys[i] - region->first_slot);
    }
    words_flush(marking->words);
}

static void take_pending(struct marking *marking, const struct chunk_region *region, uint64_t slot, uint32_t number)
{
    if (!bit_is_set(marking->pending, number))
        return;
    clear_bit(marking->pending, number);
    marking->pending_count--;
    read_chunk(marking, region, slot);
}

/* All that waits in the bitmap, in address order. */
static void sweep(struct marking *marking)
{
    const struct chunks *chunks = marking->chunks;

    for (size_t i = 0; i < chunks->count && marking->pending_count && !marking->words->stopped; i++) {
        const struct chunk_region *region = &chunks->regions[i];
        if (region->starts == NULL) {
            take_pending(marking, region, 0, region->first_number);
            continue;
        }
        for (uint64_t block = 0; block * 64 < region->slots && marking->pending_count && !marking->words->stopped; block++) {
            uint32_t number = region->rank[block];
            for (uint64_t used = chunks_used(region, block); used; used &= used - 1)
                take_pending(marking, region, block * 64 + (uint64_t)__builtin_ctzll(used), number++);
        }
    }
    words_flush(marking->words);
}

static void drain(struct marking *marking)
{
    while ((marking->listed || marking->pending_count) && !marking->words->stopped) {
        if (marking->listed)
            read_listed(marking);
        else
            sweep(marking);
    }
}

static uint64_t read_roots(struct marking *marking, struct mark_roots roots, enum owner owner)
{
    uint64_t before = marking->words->bytes;

    for (size_t i = 0; i < roots.count && !marking->words->stopped; i++)
        words_add(marking->words, roots.rows[2 * i], roots.rows[2 * i + 1], owner);
    words_flush(marking->words);
    return marking->words->bytes - before;
}

/* What a round found leads on in the next one. */
static void begin(struct marking *marking, uint64_t *into)
{
    size_t places = (size_t)(marking->chunks->total / 64 + 1);

    marking->interior_too = 1;
    marking->into = into;
    for (size_t i = 0; i < places; i++) {
        into[i] &= ~(marking->sure[i] | (into == marking->maybe ? 0 : marking->maybe[i]));
        marking->pending[i] = into[i] | (into == marking->maybe ? marking->freed[i] : 0);
        marking->pending_count += bits_count(marking->pending[i]);
    }
}

static int marking_open(struct marking *marking)
{
    size_t places = (size_t)(marking->chunks->total / 64 + 1);

    marking->pending = calloc(places, 8);
    marking->freed = calloc(places, 8);
    marking->list = malloc(LIST * sizeof *marking->list);
    marking->batch = malloc(LIST * sizeof *marking->batch);
    marking->scratch = malloc(LIST * sizeof *marking->scratch);
    marking->columns = columns_open();
    marking->counted_span = marking->chunks->low < CHUNKS_LOW ? COLUMNS_SPAN : 0;
    marking->believing = (struct believing){.chunks = marking->chunks, .words = marking->words, .claimed = calloc(places, 8)};
    marking->words->sink = follow;
    marking->words->context = marking;
    return words_open(marking->words) || !marking->pending || !marking->freed || !marking->list || !marking->batch || !marking->scratch ||
                   !marking->columns || !marking->believing.claimed
               ? -1
               : 0;
}

static void marking_close(struct marking *marking)
{
    words_close(marking->words);
    free(marking->believing.claimed);
    free(marking->columns);
    free(marking->doubts);
    free(marking->pending);
    free(marking->freed);
    free(marking->list);
    free(marking->batch);
    free(marking->scratch);
}

int mark_chunks(const struct chunks *chunks, struct words *words, const struct mark_from *from, struct marks *marks)
{
    struct marking marking = {.chunks = chunks, .words = words, .sure = marks->sure, .maybe = marks->maybe,
                              .doubted = marks->doubted, .into = marks->maybe, .cache_key = from->cache_key};
    int result = marking_open(&marking);

    if (result == 0) {
        follow(&marking, from->known, from->known_count, ROOT, 0);
        marks->roots_bytes = read_roots(&marking, from->certain, ROOT);
        drain(&marking);
        memcpy(marks->firm, marks->sure, (chunks->total / 64 + 1) * sizeof *marks->firm);
        marks->roots_bytes += read_roots(&marking, from->came, FRESH);
        drain(&marking);
        settle(&marking);
        begin(&marking, marks->maybe);
        marks->roots_bytes += read_roots(&marking, from->doubtful, ROOT);
        drain(&marking);
        begin(&marking, marks->doubted);
        marks->roots_bytes += read_roots(&marking, from->recent, FRESH);
        drain(&marking);
        result = words->stopped ? -2 : 0;
    }
    marking_close(&marking);
    return result;
}
