/* The table of shapes: graphs alike are counted in one row, a few of each remembered. Bounded; no graph is dropped. */
#ifndef MEMWHY_SHAPES_H
#define MEMWHY_SHAPES_H

#include "graph.h"

struct shapes {
    struct graph_shape *rows;
    size_t count;
    uint32_t *places; /* by hash: row + 1 */
    uint64_t random;
};

/* -1: out of memory. shapes is zeroed by the caller. */
int shapes_open(struct shapes *shapes);
void shapes_close(struct shapes *shapes);

/* One more graph that begins with the lost chunk `head`; key: that chunk's first word if it tells a type, else 0. */
void shapes_count(struct shapes *shapes, uint32_t head, uint64_t chunks, uint64_t bytes, uint64_t head_bytes, uint64_t key);

/* The rows, largest first; the caller frees them. */
struct graph_shape *shapes_sorted(struct shapes *shapes, size_t *count);

#endif
