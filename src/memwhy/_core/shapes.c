#include "shapes.h"

#include <stdlib.h>

#define PLACES (1u << 17)  /* a power of two, more than all rows */
#define EXACT_ROWS 65536   /* of graphs told apart by chunks and bytes too */
#define COARSE_ROWS 98304

int shapes_open(struct shapes *shapes)
{
    shapes->places = calloc(PLACES, sizeof *shapes->places);
    shapes->rows = malloc(PLACES * sizeof *shapes->rows);
    return shapes->places && shapes->rows ? 0 : -1;
}

void shapes_close(struct shapes *shapes)
{
    free(shapes->places);
    free(shapes->rows);
}

static uint64_t mixed(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdu;
    return value ^ value >> 29;
}

/* The row of a shape, made where it is new; NULL when the table has no room for one more of its kind. */
static struct graph_shape *shape_of(struct shapes *shapes, const struct graph_shape *like, size_t most)
{
    uint64_t hash = mixed(like->chunks + mixed(like->bytes + mixed(like->head_bytes + mixed(like->key))));
    size_t place = hash & (PLACES - 1);

    while (shapes->places[place]) {
        struct graph_shape *shape = &shapes->rows[shapes->places[place] - 1];
        if (shape->chunks == like->chunks && shape->bytes == like->bytes && shape->head_bytes == like->head_bytes &&
            shape->key == like->key)
            return shape;
        place = (place + 1) & (PLACES - 1);
    }
    if (shapes->count >= most)
        return NULL;
    shapes->rows[shapes->count] = *like;
    shapes->places[place] = (uint32_t)++shapes->count;
    return &shapes->rows[shapes->count - 1];
}

void shapes_count(struct shapes *shapes, uint32_t head, uint64_t chunks, uint64_t bytes, uint64_t head_bytes, uint64_t key)
{
    struct graph_shape like = {.chunks = chunks, .bytes = bytes, .head_bytes = head_bytes, .key = key};
    struct graph_shape *shape = shape_of(shapes, &like, EXACT_ROWS);

    if (shape == NULL) {
        like.chunks = like.bytes = 0;
        shape = shape_of(shapes, &like, COARSE_ROWS);
    }
    if (shape == NULL) {
        like.head_bytes = like.key = 0;
        shape = shape_of(shapes, &like, PLACES - 1);
    }
    shape->count++;
    shape->all_chunks += chunks;
    shape->all_bytes += bytes;
    if (shape->sample_count < GRAPH_SAMPLES) {
        shape->samples[shape->sample_count++] = head;
    } else { /* every graph has the same chance to be among the samples; the same target gives the same samples */
        uint64_t chance;
        shapes->random = shapes->random * 6364136223846793005u + 1442695040888963407u;
        chance = (shapes->random >> 33) % shape->count;
        if (chance < GRAPH_SAMPLES)
            shape->samples[chance] = head;
    }
}

static int by_bytes(const void *left, const void *right)
{
    const struct graph_shape *one = left, *other = right;

    if (one->all_bytes != other->all_bytes)
        return one->all_bytes < other->all_bytes ? 1 : -1;
    return one->samples[0] < other->samples[0] ? -1 : one->samples[0] > other->samples[0];
}

struct graph_shape *shapes_sorted(struct shapes *shapes, size_t *count)
{
    struct graph_shape *rows = shapes->rows;

    qsort(rows, shapes->count, sizeof *rows, by_bytes);
    *count = shapes->count;
    shapes->rows = NULL;
    return rows;
}
