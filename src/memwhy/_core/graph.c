#include "graph.h"

#include <stdlib.h>

#define KEYS 4096          /* distinct first words */
#define SHAPES (1u << 17)  /* places of the table; a power of two */
#define EXACT_SHAPES 65536 /* of graphs told apart by chunks and bytes too */
#define COARSE_SHAPES 98304

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
    uint32_t *places; /* of shapes: index + 1 */
    uint64_t random, begun; /* begun: the last chunk whose first span was seen, plus one */
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
            if (bit_get(finding->lost, region->first_number))
                each(finding, id++, region, 0);
            continue;
        }
        for (uint64_t block = 0; block * 64 < region->slots; block++) {
            uint32_t number = region->rank[block];
            for (uint64_t used = chunks_used(region, block); used; used &= used - 1, number++)
                if (bit_get(finding->lost, number))
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
                              bit_get(finding->lost, found.number) &&
                              before(finding->lost, finding->lost_before, found.number) == id);
}

static void connect(void *context, const uint64_t *words, size_t count, uint32_t id, uint64_t address)
{
    struct finding *finding = context;
    struct chunk found;
    size_t first = 0;

    if (begins_with_header(finding, address, id)) {
        if (count > 2 && !header_holds(words, count))
            bit_set(finding->moved, id);
        if (count > 2)
            finding->key[id] = key_of(finding, words[2]);
        first = 2; /* the first word of a header belongs to the chunk before */
    }
    for (size_t i = first; i < count; i++) {
        uint32_t other;
        if (chunks_resolve(finding->chunks, words[i], &finding->hint, 0, &found) != CHUNK_EXACT)
            continue;
        if (!bit_get(finding->lost, found.number))
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

static uint64_t mixed(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdu;
    return value ^ value >> 29;
}

/* The row of a shape, made where it is new; NULL when the table has no room for one more of its kind. */
static struct graph_shape *shape_of(struct finding *finding, const struct graph_shape *like, size_t most)
{
    uint64_t hash = mixed(like->chunks + mixed(like->bytes + mixed(like->head_bytes + mixed(like->key))));
    size_t place = hash & (SHAPES - 1);
    struct graphs *out = finding->out;

    while (finding->places[place]) {
        struct graph_shape *shape = &out->shapes[finding->places[place] - 1];
        if (shape->chunks == like->chunks && shape->bytes == like->bytes && shape->head_bytes == like->head_bytes &&
            shape->key == like->key)
            return shape;
        place = (place + 1) & (SHAPES - 1);
    }
    if (out->shape_count >= most)
        return NULL;
    out->shapes[out->shape_count] = *like;
    finding->places[place] = (uint32_t)++out->shape_count;
    return &out->shapes[out->shape_count - 1];
}

static void count_graph(struct finding *finding, uint32_t head, uint64_t chunks, uint64_t bytes, uint64_t head_bytes, uint16_t key)
{
    struct graph_shape like = {.chunks = chunks, .bytes = bytes, .head_bytes = head_bytes, .key = finding->key_values[key]};
    struct graph_shape *shape = shape_of(finding, &like, EXACT_SHAPES);

    if (shape == NULL) {
        like.chunks = like.bytes = 0;
        shape = shape_of(finding, &like, COARSE_SHAPES);
    }
    if (shape == NULL) {
        like.head_bytes = like.key = 0;
        shape = shape_of(finding, &like, SHAPES - 1);
    }
    shape->count++;
    shape->all_chunks += chunks;
    shape->all_bytes += bytes;
    if (shape->sample_count < GRAPH_SAMPLES) {
        shape->samples[shape->sample_count++] = head;
    } else { /* every graph has the same chance to be among the samples; the same target gives the same samples */
        uint64_t chance;
        finding->random = finding->random * 6364136223846793005u + 1442695040888963407u;
        chance = (finding->random >> 33) % shape->count;
        if (chance < GRAPH_SAMPLES)
            shape->samples[chance] = head;
    }
}

static void measure(struct finding *finding, uint32_t id, const struct chunk_region *region, uint64_t slot)
{
    uint64_t from, to, whole;
    uint32_t root = root_of(finding->parent, id);
    struct graph *graph;

    chunks_extent(region, slot, &from, &to, &whole);
    if (bit_get(finding->moved, id)) {
        finding->out->moved_chunks++;
        finding->out->moved_bytes += whole;
        return;
    }
    if (!bit_get(finding->heads, root)) {
        count_graph(finding, id, 1, whole, whole, finding->key[id]);
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

static int by_bytes(const void *left, const void *right)
{
    const struct graph_shape *one = left, *other = right;

    if (one->all_bytes != other->all_bytes)
        return one->all_bytes < other->all_bytes ? 1 : -1;
    return one->samples[0] < other->samples[0] ? -1 : one->samples[0] > other->samples[0];
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

    if (!bit_get(finding->wanted_bits, root) || bit_get(finding->moved, id))
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
            bit_set(finding->wanted_bits, root);
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
    finding->places = calloc(SHAPES, sizeof *finding->places);
    finding->out->shapes = malloc(SHAPES * sizeof *finding->out->shapes);
    if (!finding->heads || !finding->heads_before || !finding->places || !finding->out->shapes)
        return -1;
    for (uint32_t id = 0; id < finding->count; id++)
        if (root_of(finding->parent, id) != id)
            bit_set(finding->heads, root_of(finding->parent, id));
    graphs = count_before(finding->heads, finding->heads_before, places);
    finding->graphs = calloc((size_t)graphs + 1, sizeof *finding->graphs);
    if (finding->graphs == NULL)
        return -1;
    for_each_lost(finding, measure);
    for (uint32_t i = 0; i < graphs; i++) {
        const struct graph *graph = &finding->graphs[i];
        if (graph->chunks)
            count_graph(finding, graph->head, graph->chunks, graph->bytes, (uint64_t)graph->head_grains * 16, graph->head_key);
    }
    qsort(finding->out->shapes, finding->out->shape_count, sizeof *finding->out->shapes, by_bytes);
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
    free(finding->places);
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
