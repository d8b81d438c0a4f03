#include "mark.h"

#include "follow.h"

#include <stdlib.h>
#include <string.h>

#define LIST 65536 /* chunks to be read next; what does not fit waits in the bitmap alone */
#define DIGIT 11
#define NEAR_SLOTS (WORDS_NEAR / 16)
#define NEAR_LEAST 64 /* slots: less is not read whole */
#define COST 64       /* slots that are read in the time that reading one more chunk by itself takes */
#define CREDIT 2048   /* the most that pieces which gave more than they cost are worth for later ones */
#define DISTRUST 8    /* times a loss counts: an eighth of the work at most is lost where reading whole never pays */

void enqueue(struct marking *marking, const struct chunk *found)
{
    struct near *near = &marking->near;
    uint64_t away = found->slot - near->first;

    if (away < near->slots && found->slot <= near->at) {
        near->reached[near->count++] = *found;
        return;
    }
    set_bit(marking->pending, found->number);
    marking->pending_count++;
    if (away < near->slots)
        return;
    if (near->slots && away < near->slots + NEAR_SLOTS && found->slot < near->ahead)
        near->ahead = found->slot;
    if (marking->listed < LIST)
        marking->list[marking->listed++] = found->slot;
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

/* One chunk's words: out of the piece that was read whole, as far as it lies in it, else they are read. */
static void read_chunk(struct marking *marking, const struct chunk_region *region, uint64_t slot)
{
    const struct near *near = &marking->near;
    uint64_t from, to, whole, begin = region->start + (near->first - region->first_slot) * 16;
    uint32_t owner;

    chunks_extent(region, slot, &from, &to, &whole);
    owner = (marking->interior_too && is_freed(marking, region, slot) ? FREED : CHUNK) | columns_owner(from, to);
    if ((owner & KIND) == CHUNK && owner >> COLUMNS_SHIFT && to == from + whole - 8)
        to += 8; /* the size in the next header: is_free */
    if (near->slots && to <= begin + near->slots * 16) {
        marking->near.followed++;
        marking->words->bytes += to - from;
        follow(marking, near->words + (from - begin) / 8, (size_t)(to - from) / 8, owner, from);
    } else {
        words_add(marking->words, from, to, owner);
    }
}

static int take_pending(struct marking *marking, uint32_t number)
{
    if (!bit_is_set(marking->pending, number))
        return 0;
    clear_bit(marking->pending, number);
    marking->pending_count--;
    return 1;
}

/* All that is pending in the piece, and what it leads to there. */
static void follow_near(struct marking *marking, const struct chunk_region *region)
{
    struct near *near = &marking->near;
    uint64_t first = near->first - region->first_slot, end = first + near->slots;

    for (uint64_t block = first / 64; block * 64 < end && !marking->words->stopped; block++) {
        uint32_t number = region->rank[block];
        for (uint64_t used = chunks_used(region, block); used; used &= used - 1, number++) {
            uint64_t slot = block * 64 + (uint64_t)__builtin_ctzll(used);
            if (slot < first || slot >= end || !take_pending(marking, number))
                continue;
            near->at = region->first_slot + slot;
            read_chunk(marking, region, slot);
            while (near->count) {
                struct chunk next = near->reached[--near->count];
                read_chunk(marking, region, next.slot - region->first_slot);
            }
        }
    }
}

/* Reads what lies from a slot on whole, where that paid lately. 0: it did not, or too little of it is resident. */
static int read_near(struct marking *marking, const struct chunk_region *region, uint64_t slot)
{
    struct near *near = &marking->near;
    uint64_t begin = region->start + slot * 16, most = (region->slots - slot) * 16;
    int64_t cost;

    if (near->credit < 0) {
        near->credit++;
        return 0;
    }
    near->slots = words_resident(marking->words, begin, most > WORDS_NEAR ? WORDS_NEAR : most) / 16;
    if (near->slots < NEAR_LEAST) {
        near->slots = 0;
        return 0;
    }
    near->words = words_load(marking->words, begin, near->slots * 16);
    near->first = near->at = region->first_slot + slot;
    near->followed = 0;
    follow_near(marking, region);
    cost = (int64_t)(near->slots / COST);
    near->slots = 0;
    near->credit += (near->followed - cost) * (near->followed < cost ? DISTRUST : 1);
    if (near->credit > CREDIT)
        near->credit = CREDIT;
    words_tell(marking->words);
    return 1;
}

static void visit(struct marking *marking, const struct chunk_region *region, uint64_t slot, uint32_t number)
{
    if (!bit_is_set(marking->pending, number) || (region->starts != NULL && read_near(marking, region, slot)))
        return;
    take_pending(marking, number);
    read_chunk(marking, region, slot);
}

static void visit_slot(struct marking *marking, const struct chunk_region **region, uint64_t slot)
{
    struct chunk found = {.number = 0};

    if (*region == NULL || slot - (*region)->first_slot >= (*region)->slots)
        *region = chunks_region_of_slot(marking->chunks, slot);
    slot -= (*region)->first_slot;
    if ((*region)->starts == NULL)
        found.number = (*region)->first_number;
    else if (!chunks_at(*region, slot, &found))
        return;
    visit(marking, *region, slot, found.number);
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
    for (size_t i = 0; i <= count && !marking->words->stopped; i++) {
        while (marking->near.ahead < (i < count ? keys[i] : UINT64_MAX) && !marking->words->stopped) {
            uint64_t slot = marking->near.ahead;
            marking->near.ahead = UINT64_MAX;
            visit_slot(marking, &region, slot);
        }
        if (i < count)
            visit_slot(marking, &region, keys[i]);
    }
    words_flush(marking->words);
}

/* All that is pending, in address order. */
static void sweep(struct marking *marking)
{
    const struct chunks *chunks = marking->chunks;

    for (size_t i = 0; i < chunks->count && marking->pending_count && !marking->words->stopped; i++) {
        const struct chunk_region *region = &chunks->regions[i];
        if (region->starts == NULL) {
            visit(marking, region, 0, region->first_number);
            continue;
        }
        for (uint64_t block = 0; block * 64 < region->slots && marking->pending_count && !marking->words->stopped; block++) {
            uint32_t number = region->rank[block];
            for (uint64_t used = chunks_used(region, block); used; used &= used - 1)
                visit(marking, region, block * 64 + (uint64_t)__builtin_ctzll(used), number++);
        }
    }
    words_flush(marking->words);
}

static void drain(struct marking *marking)
{
    while (marking->pending_count && !marking->words->stopped) {
        if (marking->listed)
            read_listed(marking);
        else
            sweep(marking);
    }
    marking->listed = 0;
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
    marking->near = (struct near){.ahead = UINT64_MAX, .reached = malloc(NEAR_SLOTS * sizeof(struct chunk))};
    marking->columns = columns_open();
    marking->counted_span = marking->chunks->low < CHUNKS_LOW ? COLUMNS_SPAN : 0;
    marking->believing = (struct believing){.chunks = marking->chunks, .words = marking->words, .claimed = calloc(places, 8)};
    marking->words->sink = follow;
    marking->words->context = marking;
    return words_open(marking->words) || !marking->pending || !marking->freed || !marking->list || !marking->batch || !marking->scratch ||
                   !marking->near.reached || !marking->columns || !marking->believing.claimed
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
    free(marking->near.reached);
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
