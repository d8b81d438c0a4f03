/* The samples of a profile. What is flat, cumulative, dropped and inlined is as google/pprof's report and graph packages reckon
 * it: a function counts once a stack, samples whose value is 0 say nothing. */
#include "pprof_work.h"

struct sample {
    uint64_t ids[PPROF_FRAMES], values[PPROF_TYPES];
    size_t id_count, value_count;
    uint32_t nodes[PPROF_FRAMES];  /* leaf first */
    uint8_t inlined[PPROF_FRAMES]; /* into the frame after it */
    uint32_t depth;
    int cut;
};

static enum pprof_fault read_sample(const struct work *work, struct wire from, struct sample *sample)
{
    struct wire_field field;
    enum pprof_fault fault;
    size_t i;

    sample->id_count = sample->value_count = 0;
    while (from.at < from.end) {
        if ((fault = wire_next(&from, &field)))
            return fault;
        if (field.number == 1)
            fault = wire_numbers(&field, sample->ids, PPROF_FRAMES, &sample->id_count);
        else if (field.number == 2)
            fault = wire_numbers(&field, sample->values, PPROF_TYPES, &sample->value_count);
        if (fault)
            return fault;
    }
    if (sample->value_count != work->out->type_count)
        return PPROF_VALUES;
    sample->cut = sample->id_count > PPROF_FRAMES;
    sample->depth = 0;
    for (i = 0; i < sample->id_count && i < PPROF_FRAMES; i++) {
        uint32_t line, end, location = index_get(&work->locations, sample->ids[i]);
        if (location == INDEX_NONE)
            return PPROF_REFERENCE;
        end = work->line_begin[location + 1];
        for (line = work->line_begin[location]; line < end; line++) {
            if (sample->depth == PPROF_FRAMES) {
                sample->cut = 1;
                return PPROF_FINE;
            }
            sample->nodes[sample->depth] = work->line_nodes[line];
            sample->inlined[sample->depth++] = line + 1 < end;
        }
    }
    return PPROF_FINE;
}

static void heap_down(struct kept *heap, size_t used, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        struct kept moved = heap[at];
        if (child >= used)
            return;
        if (child + 1 < used && heap[child + 1].size < heap[child].size)
            child++;
        if (heap[child].size >= moved.size)
            return;
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* Keep a sample of one type if it is among the largest: a heap with the smallest of them on top. */
static void keep_sample(struct work *work, uint32_t type, uint64_t size, struct wire from)
{
    struct kept *heap = work->heap[type], one = {size, from.at, from.end};
    size_t at = work->heap_used[type];

    if (at < work->most_stacks) {
        work->heap_used[type]++;
        while (at && heap[(at - 1) / 2].size > size) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = one;
    } else if (at && heap[0].size < size) {
        heap[0] = one;
        heap_down(heap, at, 0);
    }
}

static void add_sample(struct work *work, const struct sample *sample, uint64_t stamp, struct wire from)
{
    struct pprof *out = work->out;
    uint32_t i, type, types = out->type_count;

    for (type = 0; type < types; type++) {
        /* the total is one of sizes, as pprof's is: a difference of two profiles has negative values */
        out->totals[type] = (int64_t)((uint64_t)out->totals[type] + pprof_size_of(sample->values[type]));
        if (work->most_stacks && sample->values[type])
            keep_sample(work, type, pprof_size_of(sample->values[type]), from);
    }
    for (i = 0; i < sample->depth; i++) {
        size_t row = (size_t)sample->nodes[i] * types;
        if (!i)
            for (type = 0; type < types; type++)
                out->flat[row + type] = (int64_t)((uint64_t)out->flat[row + type] + sample->values[type]);
        if (work->stamps[sample->nodes[i]] == stamp)
            continue;
        work->stamps[sample->nodes[i]] = stamp;
        for (type = 0; type < types; type++)
            out->cum[row + type] = (int64_t)((uint64_t)out->cum[row + type] + sample->values[type]);
    }
    out->cut_stacks += (uint64_t)sample->cut;
}

/* Every sample in turn; `visit` is called with its number from 1 on. */
static enum pprof_fault each_sample(struct work *work, struct sample *sample,
                                    enum pprof_fault (*visit)(struct work *, struct sample *, uint64_t, struct wire))
{
    struct wire from = {work->raw, work->raw + work->length};
    struct wire_field field;
    uint64_t number = 0;

    while (from.at < from.end) {
        const uint8_t *begin = from.at;
        enum pprof_fault fault = wire_next(&from, &field);
        if (!fault && field.type == 2 && field.number == 2) {
            fault = read_sample(work, field.content, sample);
            if (!fault)
                fault = visit(work, sample, ++number, field.content);
        }
        if (fault) {
            work->out->fault_at = (size_t)(begin - work->raw);
            return fault;
        }
    }
    return PPROF_FINE;
}

static enum pprof_fault visit_values(struct work *work, struct sample *sample, uint64_t number, struct wire from)
{
    add_sample(work, sample, number, from);
    return PPROF_FINE;
}

/* -- callers: which functions are inlined by all, or by some ----------------------------------- */

static int is_kept(const struct work *work, uint32_t node, uint32_t type)
{
    const struct pprof *out = work->out;
    int64_t cum = out->cum[(size_t)node * out->type_count + type];

    return pprof_size_of((uint64_t)cum) >= work->cutoff[type];
}

/* The share is of what the nodes have, not of the total: samples without a stack are in no node. */
static void set_cutoff(struct work *work, uint32_t type, double fraction)
{
    const struct pprof *out = work->out;
    uint64_t sum = 0;
    uint32_t node;

    for (node = 0; node < out->node_count; node++)
        sum += (uint64_t)out->flat[(size_t)node * out->type_count + type];
    work->cutoff[type] = (uint64_t)((double)pprof_size_of(sum) * fraction);
    work->edge_cutoff[type] = (uint64_t)((double)pprof_size_of(sum) * PPROF_EDGE_FRACTION);
}

/* An edge is inlined when every sample that has it inlines it there. An edge that a sample repeats counts by its first.
 * Edges of a smaller share than PPROF_EDGE_FRACTION are passed over. */
static enum pprof_fault add_edge(struct work *work, uint64_t key, uint64_t stamp, uint8_t inlined, uint64_t value)
{
    uint32_t *place = index_put(&work->edges, key);
    enum pprof_fault fault;

    if (!place)
        return PPROF_MEMORY;
    if (*place == INDEX_NONE) {
        if ((fault = MAKE_ROOM(work->edges_seen, work->edge_room, work->edge_count + 1)))
            return fault;
        *place = work->edge_count++;
        work->edges_seen[*place] = (struct edge){stamp, value, inlined};
    } else if (work->edges_seen[*place].stamp != stamp) {
        struct edge *edge = &work->edges_seen[*place];
        edge->stamp = stamp;
        edge->value += value;
        edge->inlined &= inlined;
    }
    return PPROF_FINE;
}

static enum pprof_fault visit_edges(struct work *work, struct sample *sample, uint64_t number, struct wire from)
{
    uint32_t type, i;
    enum pprof_fault fault;

    (void)from;
    for (type = 0; type < work->out->type_count; type++) {
        uint32_t parent = INDEX_NONE;
        if (!sample->values[type])
            continue;
        for (i = sample->depth; i--;) {
            uint32_t node = sample->nodes[i];
            if (!is_kept(work, node, type))
                continue;
            if (parent != INDEX_NONE && parent != node &&
                (fault = add_edge(work, (uint64_t)type << 58 | (uint64_t)parent << 29 | node, number, sample->inlined[i],
                                  sample->values[type])))
                return fault;
            parent = node;
        }
    }
    return PPROF_FINE;
}

static void tell_inlined(struct work *work)
{
    struct pprof *out = work->out;
    size_t i;

    for (i = 0; i < work->edges.slots; i++)
        if (work->edges.values[i] != INDEX_NONE) {
            uint64_t key = work->edges.keys[i];
            uint32_t type = (uint32_t)(key >> 58);
            const struct edge *edge = &work->edges_seen[work->edges.values[i]];
            if (pprof_size_of(edge->value) >= work->edge_cutoff[type])
                out->inlined[(size_t)(key & 0x1fffffff) * out->type_count + type] |= edge->inlined ? 1 : 2;
        }
}

/* -- the largest stacks -------------------------------------------------------------------------- */

static enum pprof_fault write_stacks(struct work *work, struct sample *sample)
{
    struct pprof *out = work->out;
    size_t cells = 0, room = 0, i;
    uint32_t type, frame;

    for (type = 0; type < out->type_count; type++)
        for (i = 0; i < work->heap_used[type]; i++) {
            struct wire from = {work->heap[type][i].at, work->heap[type][i].end};
            enum pprof_fault fault = read_sample(work, from, sample);
            if (fault)
                return fault;
            if (cells + sample->depth + 3 > room) {
                int64_t *moved;
                room = (room + sample->depth + 3) * 2;
                if (!(moved = realloc(out->stacks, room * sizeof *moved)))
                    return PPROF_MEMORY;
                out->stacks = moved;
            }
            out->stacks[cells++] = type;
            out->stacks[cells++] = (int64_t)sample->values[type];
            out->stacks[cells++] = sample->depth;
            for (frame = 0; frame < sample->depth; frame++)
                out->stacks[cells++] = sample->nodes[frame];
        }
    out->stack_cells = cells;
    return PPROF_FINE;
}

enum pprof_fault pprof_sum_up(struct work *work, double fraction)
{
    struct pprof *out = work->out;
    size_t cells = (size_t)(out->node_count ? out->node_count : 1) * out->type_count;
    struct sample *sample = malloc(sizeof *sample);
    enum pprof_fault fault = PPROF_MEMORY;
    uint32_t type;

    out->flat = calloc(cells, sizeof *out->flat);
    out->cum = calloc(cells, sizeof *out->cum);
    out->inlined = calloc(cells, sizeof *out->inlined);
    work->stamps = calloc(out->node_count ? out->node_count : 1, sizeof *work->stamps);
    for (type = 0; type < out->type_count; type++)
        if (work->most_stacks && !(work->heap[type] = malloc(work->most_stacks * sizeof *work->heap[type])))
            goto done;
    if (!sample || !out->flat || !out->cum || !out->inlined || !work->stamps)
        goto done;
    fault = each_sample(work, sample, visit_values);
    if (!fault && fraction >= 0 && out->node_count < (1u << 29)) {
        for (type = 0; type < out->type_count; type++)
            set_cutoff(work, type, fraction);
        fault = each_sample(work, sample, visit_edges);
        tell_inlined(work);
    }
    if (!fault)
        fault = write_stacks(work, sample);
done:
    free(sample);
    return fault;
}
