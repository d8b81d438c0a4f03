#include "graph.h"

#include "shapes.h"

#include <stdlib.h>

#define KEYS 4096 /* distinct first words */

/* A graph of two chunks or more. head: the lost number of the chunk it begins with; grains: its size / 16. */
struct graph {
    uint64_t bytes;
    uint32_t chunks, head, head_grains;
    uint16_t head_key, head_degree;
};

/* Lost chunks are numbered anew, from 0 in address order. */
struct finding {
    const struct chunks *chunks;
    struct words *words;
    const uint64_t *lost;   /* by chunk number */
    uint32_t *lost_before;  /* per 64 chunk numbers */
    uint32_t count;
    uint32_t *parent;       /* by lost number, as all below */
    uint16_t *degree, *key; /* how many words of the graph point here, at most 65535; which first word, 0 for none */
    uint64_t *moved, *heads;
    uint32_t *heads_before; /* per 64 lost numbers; heads: of graphs with two chunks or more, by their lowest number */
    struct graph *graphs;
    const uint64_t *key_rows;
    size_t key_count, key_values_count, hint;
    uint64_t key_values[KEYS];
    uint16_t key_places[2 * KEYS];
    struct graphs *out;
    struct shapes shapes;
    uint64_t begun; /* the last chunk whose first span was seen, plus one */
    struct wanted *wanted;
    size_t wanted_count, most_members;
    uint64_t *wanted_bits;
};

struct wanted {
    uint32_t root, head, shape, sample, members;
};

typedef void (*each_lost)(struct finding *finding, uint32_t id, const struct chunk_region *region, uint64_t slot);

static void for_each_lost(struct finding *finding, each_lost each)
{
    uint32_t id = 0;

    for (size_t i = 0; i < finding->chunks->count && !finding->words->stopped; i++) {
        const struct chunk_region *region = &finding->chunks->regions[i];
        if (region->starts == NULL) {
            if (bit_is_set(finding->lost, region->first_number))
                each(finding, id++, region, 0);
            continue;
        }
        for (uint64_t block = 0; block * 64 < region->slots; block++) {
            uint32_t number = region->rank[block];
            for (uint64_t used = chunks_used(region, block); used; used &= used - 1, number++)
                if (bit_is_set(finding->lost, number))
                    each(finding, id++, region, block * 64 + (uint64_t)__builtin_ctzll(used));
        }
    }
}

static uint32_t before(const uint64_t *bits, const uint32_t *ranks, uint32_t number)
{
    return ranks[number >> 6] + bits_count(bits[number >> 6] & ((1ULL << (number & 63)) - 1));
}

static uint32_t count_before(const uint64_t *bits, uint32_t *ranks, size_t places)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < places; i++) {
        ranks[i] = sum;
        sum += bits_count(bits[i]);
    }
    return sum;
}

static uint32_t root_of(uint32_t *parent, uint32_t id)
{
    while (parent[id] != id)
        id = parent[id] = parent[parent[id]];
    return id;
}

static void join(uint32_t *parent, uint32_t one, uint32_t other)
{
    one = root_of(parent, one);
    other = root_of(parent, other);
    if (one < other)
        parent[other] = one;
    else
        parent[one] = other;
}

static uint16_t key_of(struct finding *finding, uint64_t word)
{
    size_t low = 0, high = finding->key_count, place;

    if (high == 0 || word < finding->key_rows[0] || word >= finding->key_rows[2 * high - 1])
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (finding->key_rows[2 * middle + 1] <= word)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == finding->key_count || word < finding->key_rows[2 * low])
        return 0;
    place = (size_t)((word >> 3) * 0x9e3779b97f4a7c15u >> 51) % (2 * KEYS);
    while (finding->key_places[place]) {
        if (finding->key_values[finding->key_places[place]] == word)
            return finding->key_places[place];
        place = (place + 1) % (2 * KEYS);
    }
    if (finding->key_values_count == KEYS)
        return 0;
    finding->key_values[finding->key_values_count] = word;
    finding->key_places[place] = (uint16_t)finding->key_values_count++;
    return finding->key_places[place];
}

/* A span that begins with a chunk's header: is the size there, and "the chunk before is in use" behind it, as it was? */
static int header_holds(const uint64_t *words, size_t count)
{
    uint64_t size = words[1] & ~(uint64_t)7, seen = count * 8;

    if (words[1] & 2) /* IS_MMAPPED: nothing stands behind it */
        return 1;
    if (size + 16 == seen)
        return words[count - 1] & 1; /* PREV_INUSE of the next header */
    return size == seen || size > seen; /* the last of its heap, or the rest is in another span */
}

/* Does this span begin with the header of that lost chunk? Only the first of its spans can, and only one that begins at a
 * page may be the rest of a chunk whose header is on a page that is not resident. */
static int begins_with_header(struct finding *finding, uint64_t address, uint32_t id)
{
    struct chunk found;

    if (finding->begun == id + UINT64_C(1))
        return 0;
    finding->begun = id + UINT64_C(1);
    return address % 4096 || (chunks_resolve(finding->chunks, address + 16, &finding->hint, 0, &found) == CHUNK_EXACT &&
                              bit_is_set(finding->lost, found.number) &&
                              before(finding->lost, finding->lost_before, found.number) == id);
}

static void connect(void *context, const uint64_t *words, size_t count, uint32_t id, uint64_t address)
{
    struct finding *finding = context;
    struct chunk found;
    size_t first = 0;

    if (begins_with_header(finding, address, id)) {
        if (count > 2 && !header_holds(words, count))
            set_bit(finding->moved, id);
        if (count > 2)
            finding->key[id] = key_of(finding, words[2]);
        first = 2; /* the first word of a header belongs to the chunk before */
    }
    for (size_t i = first; i < count; i++) {
        uint32_t other;
        if (chunks_resolve(finding->chunks, words[i], &finding->hint, 0, &found) != CHUNK_EXACT)
            continue;
        if (!bit_is_set(finding->lost, found.number))
            continue;
        other = before(finding->lost, finding->lost_before, found.number);
        if (other == id)
            continue;
        if (finding->degree[other] != UINT16_MAX)
            finding->degree[other]++;
        join(finding->parent, id, other);
    }
}

static void read_lost(struct finding *finding, uint32_t id, const struct chunk_region *region, uint64_t slot)
{
    uint64_t from, to, whole;

    chunks_extent(region, slot, &from, &to, &whole);
    if (region->starts != NULL)
        to += to < region->end ? 8 : 0;
    words_add(finding->words, from - 16, to, id);
}

/* Which chunk does a graph begin with: one that nothing points to, else the one that most words point to. */
static int begins_better(const struct graph *graph, uint16_t degree, uint64_t grains)
{
    if (graph->chunks == 0)
        return 1;
    if ((degree == 0) != (graph->head_degree == 0))
        return degree == 0;
    return degree == 0 ? grains > graph->head_grains : degree > graph->head_degree;
}

static void measure(struct finding *finding, uint32_t id, const struct chunk_region *region, uint64_t slot)
{
    uint64_t from, to, whole;
    uint32_t root = root_of(finding->parent, id);
    struct graph *graph;

    chunks_extent(region, slot, &from, &to, &whole);
    if (bit_is_set(finding->moved, id)) {
        finding->out->moved_chunks++;
        finding->out->moved_bytes += whole;
        return;
    }
    if (!bit_is_set(finding->heads, root)) {
        shapes_count(&finding->shapes, id, 1, whole, whole, finding->key_values[finding->key[id]]);
        return;
    }
    graph = &finding->graphs[before(finding->heads, finding->heads_before, root)];
    if (begins_better(graph, finding->degree[id], whole / 16)) {
        graph->head = id;
        graph->head_degree = finding->degree[id];
        graph->head_key = finding->key[id];
        graph->head_grains = whole / 16 < UINT32_MAX ? (uint32_t)(whole / 16) : UINT32_MAX;
    }
    graph->chunks++;
    graph->bytes += whole;
}

static int by_root(const void *left, const void *right)
{
    const struct wanted *one = left, *other = right;

    return one->root < other->root ? -1 : one->root > other->root;
}

static void collect(struct finding *finding, uint32_t id, const struct chunk_region *region, uint64_t slot)
{
    uint32_t root = root_of(finding->parent, id);
    struct wanted *wanted, sought = {.root = root};
    uint64_t from, to, whole;

    if (!bit_is_set(finding->wanted_bits, root) || bit_is_set(finding->moved, id))
        return;
    wanted = bsearch(&sought, finding->wanted, finding->wanted_count, sizeof sought, by_root);
    if (wanted == NULL || (wanted->members >= finding->most_members && id != wanted->head))
        return;
    wanted->members++;
    chunks_extent(region, slot, &from, &to, &whole);
    finding->out->members[finding->out->member_count++] =
        (struct graph_member){wanted->shape, wanted->sample, from, whole, id == wanted->head};
}

static int collect_samples(struct finding *finding, size_t most_shapes)
{
    struct graphs *out = finding->out;
    size_t shapes = out->shape_count < most_shapes ? out->shape_count : most_shapes;

    finding->wanted = calloc(shapes * GRAPH_SAMPLES + 1, sizeof *finding->wanted);
    finding->wanted_bits = calloc(finding->count / 64 + 1, 8);
    if (finding->wanted == NULL || finding->wanted_bits == NULL)
        return -1;
    for (size_t i = 0; i < shapes; i++)
        for (uint32_t j = 0; j < out->shapes[i].sample_count; j++) {
            uint32_t head = out->shapes[i].samples[j], root = root_of(finding->parent, head);
            finding->wanted[finding->wanted_count++] = (struct wanted){root, head, (uint32_t)i, j, 0};
            set_bit(finding->wanted_bits, root);
        }
    qsort(finding->wanted, finding->wanted_count, sizeof *finding->wanted, by_root);
    out->members = malloc(finding->wanted_count * (finding->most_members + 1) * sizeof *out->members + 1);
    if (out->members == NULL)
        return -1;
    for_each_lost(finding, collect);
    return 0;
}

static int count_graphs(struct finding *finding)
{
    size_t places = finding->count / 64 + 1;
    uint32_t graphs;

    finding->heads = calloc(places, 8);
    finding->heads_before = malloc(places * sizeof *finding->heads_before);
    if (!finding->heads || !finding->heads_before || shapes_open(&finding->shapes))
        return -1;
    for (uint32_t id = 0; id < finding->count; id++)
        if (root_of(finding->parent, id) != id)
            set_bit(finding->heads, root_of(finding->parent, id));
    graphs = count_before(finding->heads, finding->heads_before, places);
    finding->graphs = calloc((size_t)graphs + 1, sizeof *finding->graphs);
    if (finding->graphs == NULL)
        return -1;
    for_each_lost(finding, measure);
    for (uint32_t i = 0; i < graphs; i++) {
        const struct graph *graph = &finding->graphs[i];
        if (graph->chunks)
            shapes_count(&finding->shapes, graph->head, graph->chunks, graph->bytes, (uint64_t)graph->head_grains * 16,
                         finding->key_values[graph->head_key]);
    }
    finding->out->shapes = shapes_sorted(&finding->shapes, &finding->out->shape_count);
    return 0;
}

static int find(struct finding *finding, size_t most_shapes)
{
    size_t places = finding->chunks->total / 64 + 1;

    finding->lost_before = malloc(places * sizeof *finding->lost_before);
    if (finding->lost_before == NULL)
        return -1;
    finding->count = count_before(finding->lost, finding->lost_before, places);
    finding->parent = malloc(((size_t)finding->count + 1) * sizeof *finding->parent);
    finding->degree = calloc((size_t)finding->count + 1, sizeof *finding->degree);
    finding->key = calloc((size_t)finding->count + 1, sizeof *finding->key);
    finding->moved = calloc(finding->count / 64 + 1, 8);
    if (!finding->parent || !finding->degree || !finding->key || !finding->moved)
        return -1;
    for (uint32_t id = 0; id < finding->count; id++)
        finding->parent[id] = id;
    for_each_lost(finding, read_lost);
    words_flush(finding->words);
    if (finding->words->stopped)
        return -2;
    return count_graphs(finding) ? -1 : collect_samples(finding, most_shapes);
}

int graph_lost(const struct chunks *chunks, struct words *words, const uint64_t *lost, const uint64_t *keys, size_t key_count,
               size_t most_shapes, size_t most_members, struct graphs *out)
{
    struct finding *finding = calloc(1, sizeof *finding);
    int result = -1;

    if (finding == NULL)
        return -1;
    *finding = (struct finding){.chunks = chunks, .words = words, .lost = lost, .key_rows = keys, .key_count = key_count,
                                .key_values_count = 1, .out = out, .most_members = most_members};
    words->sink = connect;
    words->context = finding;
    if (words_open(words) == 0)
        result = find(finding, most_shapes);
    words_close(words);
    free(finding->lost_before);
    free(finding->parent);
    free(finding->degree);
    free(finding->key);
    free(finding->moved);
    free(finding->heads);
    free(finding->heads_before);
    free(finding->graphs);
    shapes_close(&finding->shapes);
    free(finding->wanted);
    free(finding->wanted_bits);
    free(finding);
    return result;
}

void graphs_free(struct graphs *graphs)
{
    free(graphs->shapes);
    free(graphs->members);
}
