/* Lost chunks as graphs: chunks that point to each other hang together; graphs of one shape are counted together. */
#ifndef MEMWHY_GRAPH_H
#define MEMWHY_GRAPH_H

#include "chunks.h"
#include "words.h"

#define GRAPH_SAMPLES 12

/* Graphs alike. chunks and bytes are of one graph, 0 where graphs of several shapes had to be summed (too many shapes);
 * head_bytes: the size of the chunk that a graph begins with; key: its first word where that lies in `keys`, else 0. */
struct graph_shape {
    uint64_t chunks, bytes, head_bytes, key;
    uint64_t count, all_chunks, all_bytes;
    uint32_t samples[GRAPH_SAMPLES]; /* lost numbers of heads */
    uint32_t sample_count;
};

/* One chunk of a sampled graph. */
struct graph_member {
    uint64_t shape, sample, address, bytes, is_head;
};

struct graphs {
    struct graph_shape *shapes; /* by all_bytes, largest first */
    size_t shape_count;
    struct graph_member *members;
    size_t member_count;
    uint64_t moved_chunks, moved_bytes; /* their headers do not say any more what the walk saw: left out */
};

/* lost: by chunk number. keys: rows of start, end in address order: where words tell types (constant data of modules).
 * most_shapes: of how many shapes samples are taken; most_members: of one sample. 0, -1 out of memory, -2 ended by the tick. */
int graph_lost(const struct chunks *chunks, struct words *words, const uint64_t *lost, const uint64_t *keys, size_t key_count,
               size_t most_shapes, size_t most_members, struct graphs *out);
void graphs_free(struct graphs *graphs);

#endif
