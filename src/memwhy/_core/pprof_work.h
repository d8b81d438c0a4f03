/* What the parts of the profile reader share: everything that is needed while reading and not afterwards. */
#ifndef MEMWHY_PPROF_WORK_H
#define MEMWHY_PPROF_WORK_H

#include "pprof.h"
#include "pprof_index.h"
#include "pprof_wire.h"

struct work {
    const uint8_t *raw;
    size_t length;
    struct pprof *out;
    struct index functions, locations, mappings, names, edges;
    uint64_t *function_names;   /* by function: its name's string */
    uint64_t *mapping_files; /* by mapping: its file's string */
    uint32_t *line_begin;       /* by location: its lines in line_nodes; one more at the end */
    uint64_t *line_functions;
    uint32_t *line_nodes;
    uint64_t *location_mappings; /* by location: its mapping's id */
    uint32_t function_count, mapping_count, location_count, line_count;
    uint32_t function_room, mapping_room, location_room, line_room, string_room, node_room;
    uint64_t *stamps; /* by node: the last sample that counted it */
    struct edge *edges_seen;
    uint32_t edge_count, edge_room;
    uint64_t cutoff[PPROF_TYPES], edge_cutoff[PPROF_TYPES];
    uint32_t most_stacks;
    size_t heap_used[PPROF_TYPES];
    struct kept *heap[PPROF_TYPES];
};

/* A call: the last sample that had it, what all that had it have, and whether they all inline it. */
struct edge {
    uint64_t stamp, value;
    uint8_t inlined;
};

/* A sample among the largest: its value's size, and where its message stands. */
struct kept {
    uint64_t size;
    const uint8_t *at, *end;
};

#define MAKE_ROOM(list, room, need) pprof_make_room((void **)&(list), &(room), (need), sizeof *(list))

/* Room for `need` entries in a list that is doubled as it grows. */
enum pprof_fault pprof_make_room(void **list, uint32_t *room, uint32_t need, size_t size);

/* The first walk: strings, functions, locations and mappings, in whatever order they come. */
enum pprof_fault pprof_read_tables(struct work *work);
/* One node for each name; a location's lines become nodes. */
enum pprof_fault pprof_make_nodes(struct work *work);
/* The second walk, and where callers are told a third: the samples. */
enum pprof_fault pprof_sum_up(struct work *work, double fraction);

static inline uint64_t pprof_size_of(uint64_t value)
{
    return (int64_t)value < 0 ? 0 - value : value;
}

#endif
