/* A pprof profile summed up while its wire format is walked: flat and cumulative values by function, no object a sample. */
#ifndef MEMWHY_PPROF_H
#define MEMWHY_PPROF_H

#include <stddef.h>
#include <stdint.h>

#define PPROF_TYPES 32          /* sample types at most */
#define PPROF_FRAMES 2048       /* frames of a stack at most; Go's own limit is 1024 */
#define PPROF_ENTRIES 8000000u  /* strings, functions, locations or lines at most */
#define PPROF_EDGE_FRACTION 0.001 /* pprof's edgefraction */

enum pprof_fault {
    PPROF_FINE,
    PPROF_MEMORY,     /* none left */
    PPROF_NUMBER,     /* a varint that is broken or cut off */
    PPROF_SHORT,      /* a field that reaches beyond its message */
    PPROF_WIRE,       /* a wire type that the format does not have */
    PPROF_MANY,       /* more entries than are read */
    PPROF_NO_TYPES,   /* no sample types, or no string table */
    PPROF_VALUES,     /* a sample with another number of values than there are types */
    PPROF_REFERENCE,  /* a string, function or location that is not there */
};

/* Where a name stands in the bytes; offset -1 for a frame without one: `file` is then the string of its mapping's file, or -1. */
struct pprof_name {
    int64_t offset, length, file;
};

struct pprof {
    /* what the file says about itself: indices of strings, or -1 */
    int64_t types[PPROF_TYPES][2];
    int64_t period_type[2], period, time_ns, default_type, drop_frames, mapping_file, mapping_build;
    uint32_t type_count;
    uint64_t samples, cut_stacks;
    int64_t totals[PPROF_TYPES];
    /* strings: offset and length */
    int64_t (*strings)[2];
    uint32_t string_count;
    /* nodes: names, and their values a row of type_count each; inlined: bit 0 some callers inline it, bit 1 some do not */
    struct pprof_name *nodes;
    uint32_t node_count;
    int64_t *flat, *cum;
    uint8_t *inlined;
    /* the largest stacks of each type: value, frames, then nodes leaf first, one after another */
    int64_t *stacks;
    size_t stack_cells;
    /* where reading stopped */
    size_t fault_at;
};

/* Reads raw; the caller frees with pprof_free in any case. most_stacks: the largest samples of each type that are kept.
 * fraction: nodes whose cum is at most this share of the total are passed over when callers are told apart (pprof's
 * nodefraction); negative: callers are not looked at. */
enum pprof_fault pprof_read(const uint8_t *raw, size_t length, uint32_t most_stacks, double fraction, struct pprof *out);
void pprof_free(struct pprof *out);

#endif
