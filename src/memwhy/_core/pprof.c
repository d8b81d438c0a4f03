/* See pprof.h. */
#include "pprof.h"

#include <string.h>

#include "pprof_work.h"

enum pprof_fault pprof_read(const uint8_t *raw, size_t length, uint32_t most_stacks, double fraction, struct pprof *out)
{
    struct work work = {0};
    enum pprof_fault fault;
    uint32_t type;

    memset(out, 0, sizeof *out);
    out->mapping_file = out->mapping_build = -1;
    out->period_type[0] = out->period_type[1] = -1;
    work.raw = raw;
    work.length = length;
    work.out = out;
    work.most_stacks = most_stacks;
    fault = pprof_read_tables(&work);
    if (!fault)
        fault = pprof_make_nodes(&work);
    if (!fault)
        fault = pprof_sum_up(&work, fraction);
    index_free(&work.functions);
    index_free(&work.locations);
    index_free(&work.mappings);
    index_free(&work.names);
    index_free(&work.edges);
    free(work.function_names);
    free(work.mapping_files);
    free(work.line_begin);
    free(work.line_functions);
    free(work.line_nodes);
    free(work.location_mappings);
    free(work.stamps);
    free(work.edges_seen);
    for (type = 0; type < PPROF_TYPES; type++)
        free(work.heap[type]);
    return fault;
}

void pprof_free(struct pprof *out)
{
    free(out->strings);
    free(out->nodes);
    free(out->flat);
    free(out->cum);
    free(out->inlined);
    free(out->stacks);
}
