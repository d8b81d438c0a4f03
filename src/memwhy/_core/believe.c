#include "believe.h"

#define LINKS_BYTES 24 /* from a node's begin to its last link: colour, parent, left, right */
#define ONE_WAY 16     /* the same, where nothing points back: next, left, right */
#define LINKS 17       /* words of a target that may lead to its neighbours */
#define NEIGHBOUR 512  /* bytes of a neighbour in which a pointer back is looked for */
#define SMALLEST 32    /* bytes of malloc's smallest chunk */
#define TEXT 4096      /* bytes of the largest chunk that is read as text */
#define LOWEST 0x10000 /* no address lies below: vm.mmap_min_addr's usual value */
#define TABLES 0x10000 /* bytes: the tables of one class stand together */

struct extent {
    uint64_t from, to, whole;
};

static struct extent extent_of(const struct believing *believing, const struct chunk *chunk)
{
    const struct chunk_region *region = chunks_region_of_slot(believing->chunks, chunk->slot);
    struct extent extent;

    chunks_extent(region, chunk->slot - region->first_slot, &extent.from, &extent.to, &extent.whole);
    return extent;
}

/* The links of one node stand side by side, and links point to where a node begins. */
static int is_behind(uint64_t link, uint64_t begin, uint64_t most)
{
    return link - begin <= most;
}

/* Two links point to each other's nodes: that of a list, or parent and child of a tree. */
static int points_back(struct believing *believing, uint64_t node, uint64_t at)
{
    for (uint64_t place = node; place <= node + LINKS_BYTES; place += 8)
        if (is_behind(at, words_peek(believing->words, place) & ~BELIEVE_TAGS, LINKS_BYTES))
            return 1;
    return 0;
}

static int is_claimed(struct believing *believing, const struct chunk *target, struct extent extent)
{
    for (uint64_t place = extent.from; place < extent.from + LINKS * 8 && place + 8 <= extent.to; place += 8) {
        uint64_t word = words_peek(believing->words, place), end;
        struct chunk found;
        struct extent neighbour;
        if (chunks_resolve(believing->chunks, word, &believing->hint, 0, &found) != CHUNK_EXACT || found.number == target->number)
            continue;
        neighbour = extent_of(believing, &found);
        end = neighbour.to - neighbour.from > NEIGHBOUR ? neighbour.from + NEIGHBOUR : neighbour.to;
        for (uint64_t back = neighbour.from; back + 8 <= end; back += 8)
            if (words_peek(believing->words, back) == extent.from)
                return 1;
    }
    return 0;
}

/* A class with several bases: the pointer to the second one's table stands where the word points to, and the first one's,
 * shortly before it in memory, at the start (Itanium C++ ABI, 2.5: virtual table groups). */
static int is_second_base(struct believing *believing, uint64_t pointed, uint64_t start)
{
    uint64_t first = words_peek(believing->words, start), second = words_peek(believing->words, pointed);

    return first >= LOWEST && first % 8 == 0 && second % 8 == 0 && second > first && second - first < TABLES &&
           first - believing->chunks->low >= believing->chunks->span;
}

/* There the next chunk's header begins: a program may end a block there, but lists of free chunks point to headers. */
static int is_header(uint64_t pointed, struct extent extent)
{
    return pointed + 8 == extent.to && extent.to == extent.from + extent.whole - 8;
}

int believe_behind_text(struct believing *believing, uint64_t at)
{
    struct chunk source;
    struct extent extent;
    uint64_t place, room;

    if (chunks_resolve(believing->chunks, at, &believing->hint, 1, &source) == CHUNK_NONE)
        return 0;
    extent = extent_of(believing, &source);
    if (extent.whole > TEXT)
        return 0;
    /* what a shorter text would not have been given: malloc does not split off less than its smallest chunk */
    room = extent.whole > SMALLEST + 16 ? extent.whole - SMALLEST - 8 : 0;
    for (place = extent.from; place < at + 8; place++) {
        unsigned char byte = (unsigned char)(words_peek(believing->words, place & ~UINT64_C(7)) >> 8 * (place & 7));
        if (byte == 0)
            return place - extent.from >= (place > at ? 2 : 1) && place - extent.from >= room;
        if (byte == 0x7f || (byte < ' ' && (byte < '\t' || byte > '\r')))
            return 0;
    }
    return 0;
}

/* Do the word and what it points to stand at one place in chunks of one size, as the links of a list or tree do? */
static int is_link(struct believing *believing, uint64_t at, uint64_t pointed, struct extent to)
{
    struct chunk source;
    struct extent from;

    if (chunks_resolve(believing->chunks, at, &believing->hint, 1, &source) == CHUNK_NONE)
        return 0; /* a root */
    from = extent_of(believing, &source);
    return from.whole == to.whole && is_behind(at - from.from, pointed - to.from, is_header(pointed, to) ? 0 : ONE_WAY);
}

int believe_fresh(struct believing *believing, uint64_t at, const struct chunk *target)
{
    struct extent to = extent_of(believing, target);
    uint64_t end = to.to - to.from > NEIGHBOUR ? to.from + NEIGHBOUR : to.to;

    for (uint64_t back = to.from; back + 8 <= end; back += 8)
        if (is_behind(at, words_peek(believing->words, back) & ~BELIEVE_TAGS, NEIGHBOUR))
            return 1;
    if (bit_is_set(believing->claimed, target->number))
        return 0;
    if (!is_claimed(believing, target, to))
        return 1;
    set_bit(believing->claimed, target->number);
    return 0;
}

int believe_word(struct believing *believing, uint64_t word, uint64_t at, const struct chunk *target)
{
    uint64_t pointed = word & ~BELIEVE_TAGS;
    struct extent to = extent_of(believing, target);

    if (pointed == to.from && (word & BELIEVE_TAGS) <= BELIEVE_STOLEN)
        return 1;
    if (is_link(believing, at, pointed, to) || points_back(believing, pointed, at) ||
        is_second_base(believing, pointed, to.from))
        return 1;
    if (is_header(pointed, to) || bit_is_set(believing->claimed, target->number))
        return 0;
    if (!is_claimed(believing, target, to))
        return 1;
    set_bit(believing->claimed, target->number);
    return 0;
}
