#include "gosample.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_WORDS (1u << 17)

static uint64_t hash_of(uint32_t object)
{
    uint64_t mixed = (object + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

    mixed = (mixed ^ mixed >> 29) * UINT64_C(0x94d049bb133111eb);
    return mixed >> 32;
}

static int is_header(const struct goedges *edges, uint32_t key)
{
    const struct gotype *type = &edges->kinds->rows[key < edges->kinds->count ? key : 0];

    return key < GOGROUPS_SIZE && type->kind == GOTYPE_MADE && (type->address & 7) == GOTYPES_HEADER;
}

/* One struct, not an array of some: a pointer leads to it, which shows all of it. */
static int is_single(const struct goedges *edges, uint32_t key, uint64_t bytes)
{
    const struct gotype *type = &edges->kinds->rows[key < edges->kinds->count ? key : 0];

    return key < GOGROUPS_SIZE && type->kind == GOTYPE_STRUCT && 2 * type->size > bytes;
}

enum { NOT_ASKED, OBJECTS, HEADERS };

/* Whether a group is asked about. kept: bytes of it with all below, by group. */
static int asked(const struct gogroups *groups, const struct goedges *edges, const uint64_t *kept, uint32_t group)
{
    const struct gogroup *row = &groups->rows[group];

    if (row->count == 0)
        return NOT_ASKED;
    if (is_header(edges, row->key))
        return kept[group] > kept[0] / GOSAMPLE_LEAST_OF_HEADERS ? HEADERS : NOT_ASKED;
    if (is_single(edges, row->key, row->bytes / row->count))
        return NOT_ASKED;
    return row->bytes > kept[0] / GOSAMPLE_LEAST || (row->count <= GOSAMPLE_FEW && kept[group] > kept[0] / GOSAMPLE_LEAST_OF_FEW) ? OBJECTS
                                                                                                                             : NOT_ASKED;
}

/* So many of a group are taken that all groups together do not become more than GOSAMPLE_ALL. */
static uint64_t most_of(const struct gogroups *groups, const struct goedges *edges, const uint64_t *kept, int which, uint64_t most)
{
    uint64_t all;

    for (;; most /= 2) {
        all = 0;
        for (uint32_t i = 0; i < groups->count; i++)
            if (asked(groups, edges, kept, i) == which)
                all += groups->rows[i].count < most ? groups->rows[i].count : most;
        if (all <= GOSAMPLE_ALL || most <= 1)
            return most;
    }
}

/* By group the chance of an object (of headers), or of a byte of one in 2^-32 (of others); 0: not asked about. */
static uint64_t *chances_of(const struct gogroups *groups, const struct goedges *edges)
{
    uint64_t *kept = calloc((size_t)groups->count + 1, sizeof *kept), *chances = calloc((size_t)groups->count + 1, sizeof *chances);
    uint64_t objects, headers;

    if (kept == NULL || chances == NULL) {
        free(kept);
        free(chances);
        return NULL;
    }
    for (uint32_t i = groups->count; i-- > 1;) {
        kept[i] += groups->rows[i].bytes;
        kept[groups->rows[i].parent] += kept[i];
    }
    objects = most_of(groups, edges, kept, OBJECTS, GOSAMPLE_OBJECTS);
    headers = most_of(groups, edges, kept, HEADERS, GOSAMPLE_HEADERS);
    for (uint32_t i = 0; i < groups->count; i++) {
        const struct gogroup *group = &groups->rows[i];
        int which = asked(groups, edges, kept, i);
        if (which == HEADERS)
            chances[i] = group->count <= headers ? GOSAMPLE_SURE : GOSAMPLE_SURE * headers / group->count;
        else if (which == OBJECTS)
            chances[i] = group->count <= objects ? GOSAMPLE_SURE : GOSAMPLE_SURE * objects / group->bytes + 1;
    }
    free(kept);
    return chances;
}

static int take(struct gosample *sample, uint32_t object, uint32_t group, uint64_t chance)
{
    if (hash_of(object) >= chance)
        return 0;
    if (sample->count == sample->room) {
        size_t room = sample->room ? sample->room * 2 : 1u << 10;
        struct gosampled *more = realloc(sample->rows, room * sizeof *more);
        if (more == NULL)
            return -1;
        sample->rows = more;
        sample->room = room;
    }
    sample->rows[sample->count++] = (struct gosampled){.object = object, .group = group, .chance = chance};
    return 0;
}

static void look_for(struct gosample *sample, uint32_t object)
{
    sample->is_in[object / 8] |= (uint8_t)(1u << object % 8);
}

static uint64_t chance_of(const uint64_t *chances, uint32_t group, uint64_t bytes, int by_object)
{
    uint64_t chance = chances[group];

    if (chance < GOSAMPLE_SURE && !by_object)
        chance = chance > GOSAMPLE_SURE / bytes ? GOSAMPLE_SURE : chance * bytes;
    return chance;
}

/* In the order of objects, so that they are found again by halves. */
static int take_objects(struct gosample *sample, const struct gogroups *groups, const struct goedges *edges, const struct godominators *found,
                        const uint64_t *chances)
{
    const struct goheap *heap = edges->heap;

    for (uint32_t s = 0; s < heap->span_count; s++) {
        const struct goheap_span *span = &heap->spans[heap->by_number[s]];
        if (goroots_ticks(found->roots, s))
            return 1;
        for (uint32_t object = span->first; object < span->first + span->count; object++) {
            uint32_t group;
            int header;
            size_t taken;
            if (object < heap->scanned) {
                if (found->node[object] == 0)
                    continue;
                group = groups->of_node[found->node[object]];
            } else {
                group = found->leaf[object - heap->scanned];
            }
            if (group >= groups->count || chances[group] == 0)
                continue;
            header = is_header(edges, gogroups_key(edges, object, span->element));
            taken = sample->count;
            if (take(sample, object, group, chance_of(chances, group, span->element, header)))
                return -1;
            if (sample->count > taken && !header)
                look_for(sample, object);
        }
    }
    return 0;
}

/* Where in the rows an object stands that is in the sample. */
static size_t row_of(const struct gosample *sample, uint32_t object)
{
    size_t low = 0, high = sample->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (sample->rows[middle].object <= object)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static inline int is_in(const struct gosample *sample, uint32_t object)
{
    return sample->is_in[object / 8] >> object % 8 & 1;
}

static int note_source(struct gosample *sample, uint32_t source)
{
    if (sample->source_count && sample->sources[sample->source_count - 1] == source)
        return 0;
    if (sample->source_count == sample->source_room) {
        size_t room = sample->source_room ? sample->source_room * 2 : 1u << 10;
        uint32_t *more = realloc(sample->sources, room * sizeof *more);
        if (more == NULL)
            return -1;
        sample->sources = more;
        sample->source_room = room;
    }
    sample->sources[sample->source_count++] = source;
    return 0;
}

static int find_sources(struct gosample *sample, const struct goedges *edges, const struct godominators *found)
{
    for (uint32_t source = 0; source < edges->heap->scanned; source++) {
        if (goroots_ticks(found->roots, source))
            return 1;
        for (uint32_t e = edges->rows[source]; e < edges->rows[source + 1]; e++)
            if (edges->to[e] < edges->heap->objects && is_in(sample, edges->to[e]) && found->node[source] &&
                sample->rows[row_of(sample, edges->to[e])].pointers++ < GOSAMPLE_POINTERS && note_source(sample, source))
                return -1;
    }
    return 0;
}

int gosample_make(struct gosample *sample, const struct gogroups *groups, const struct goedges *edges, const struct godominators *found)
{
    uint64_t *chances = chances_of(groups, edges);
    int bad;

    gosample_close(sample);
    sample->is_in = calloc((size_t)edges->heap->objects / 8 + 1, 1);
    bad = chances && sample->is_in ? take_objects(sample, groups, edges, found, chances) : -1;
    if (!bad)
        bad = find_sources(sample, edges, found);
    free(chances);
    return bad;
}

struct leading {
    const struct gosample *sample;
    struct gosample_lead *rows;
    uint32_t *seen; /* by sampled object */
    size_t count, room;
};

static int lead(struct leading *found, const struct gosample_lead *row)
{
    if (found->count == GOSAMPLE_LEADS || found->seen[row->sampled]++ >= GOSAMPLE_POINTERS)
        return 0;
    if (found->count == found->room) {
        size_t room = found->room ? found->room * 2 : 1u << 10;
        struct gosample_lead *more = realloc(found->rows, room * sizeof *more);
        if (more == NULL)
            return -1;
        found->rows = more;
        found->room = room;
    }
    found->rows[found->count++] = *row;
    return 0;
}

/* The words of one object, piece by piece; two more are read so that what is behind a piece's last word is known. */
static int source_leads(struct leading *found, struct goedges *edges, uint32_t source, uint64_t *buffer)
{
    const struct goheap_span *span = goheap_span_of(edges->heap, source);
    uint64_t start = span->start + (uint64_t)(source - span->first) * span->element, data = span->kind == GOHEAP_HEADER ? 1 : 0;
    uint64_t words = span->element / 8;

    for (uint64_t first = data; first < words; first += PIECE_WORDS) {
        uint64_t last = first + PIECE_WORDS < words ? first + PIECE_WORDS : words, end = last + 2 < words ? last + 2 : words;
        goedges_read_resident(edges, start + 8 * first, start + 8 * end, (uint8_t *)buffer);
        memset(buffer + (end - first), 0, 2 * sizeof *buffer);
        for (uint64_t i = first; i < last; i++) {
            uint64_t value = buffer[i - first];
            uint32_t object = value < 4096 ? GOHEAP_NONE : goheap_find(edges->heap, value);
            struct gosample_lead row;
            if (object == GOHEAP_NONE || !is_in(found->sample, object))
                continue;
            row = (struct gosample_lead){row_of(found->sample, object), edges->types[source], start + 8 * i, i - data,
                                         value, buffer[i - first + 1], buffer[i - first + 2]};
            if (lead(found, &row))
                return -1;
        }
    }
    return 0;
}

int gosample_leads(const struct gosample *sample, struct goedges *edges, struct gosample_lead **leads, size_t *count)
{
    struct leading found = {.sample = sample, .seen = calloc(sample->count + 1, sizeof *found.seen)};
    uint64_t *buffer = malloc((PIECE_WORDS + 4) * sizeof *buffer), read_bytes = 0;
    int bad = found.seen && buffer ? 0 : -1;

    for (size_t i = 0; !bad && i < sample->source_count; i++) {
        read_bytes += goheap_span_of(edges->heap, sample->sources[i])->element;
        if (read_bytes <= GOSAMPLE_READ_BYTES && found.count < GOSAMPLE_LEADS)
            bad = source_leads(&found, edges, sample->sources[i], buffer);
    }
    free(found.seen);
    free(buffer);
    *leads = found.rows;
    *count = found.count;
    return bad;
}

void gosample_close(struct gosample *sample)
{
    free(sample->rows);
    free(sample->is_in);
    free(sample->sources);
    *sample = (struct gosample){0};
}
