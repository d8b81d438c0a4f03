/* See pprof.h. Format: google/pprof proto/profile.proto. What is flat, cumulative, dropped and inlined is as google/pprof's
 * report and graph packages reckon it: a function counts once a stack, samples whose value is 0 say nothing. */
#include "pprof.h"

#include <string.h>

#include "pprof_index.h"
#include "pprof_wire.h"

/* Everything that is needed while reading and not afterwards. */
struct work {
    const uint8_t *raw;
    size_t length;
    struct pprof *out;
    struct index functions, locations, mappings, names, edges;
    uint64_t *function_names;   /* by function: its name's string */
    uint64_t (*mapping_files)[2];
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

#define MAKE_ROOM(list, room, need) make_room((void **)&(list), &(room), (need), sizeof *(list))

static enum pprof_fault make_room(void **list, uint32_t *room, uint32_t need, size_t size)
{
    uint32_t larger = *room ? *room : 256;
    void *moved;

    if (need <= *room)
        return PPROF_FINE;
    if (need > PPROF_ENTRIES)
        return PPROF_MANY;
    while (larger < need)
        larger *= 2;
    moved = realloc(*list, (size_t)larger * size);
    if (!moved)
        return PPROF_MEMORY;
    *list = moved;
    *room = larger;
    return PPROF_FINE;
}

/* -- first walk: the tables ------------------------------------------------------------------ */

static enum pprof_fault read_pair(struct wire from, int64_t pair[2])
{
    struct wire_field field;

    pair[0] = pair[1] = 0;
    while (from.at < from.end) {
        enum pprof_fault fault = wire_next(&from, &field);
        if (fault)
            return fault;
        if (field.type == 0 && (field.number == 1 || field.number == 2))
            pair[field.number - 1] = (int64_t)field.value;
    }
    return PPROF_FINE;
}

static enum pprof_fault read_mapping(struct work *work, struct wire from)
{
    struct wire_field field;
    uint64_t id = 0, file = 0, build = 0;
    uint32_t *place;
    enum pprof_fault fault;

    while (from.at < from.end) {
        if ((fault = wire_next(&from, &field)))
            return fault;
        if (field.type == 0 && field.number == 1)
            id = field.value;
        else if (field.type == 0 && field.number == 5)
            file = field.value;
        else if (field.type == 0 && field.number == 6)
            build = field.value;
    }
    if ((fault = MAKE_ROOM(work->mapping_files, work->mapping_room, work->mapping_count + 1)))
        return fault;
    if (!(place = index_put(&work->mappings, id)))
        return PPROF_MEMORY;
    if (!work->mapping_count) {
        work->out->mapping_file = (int64_t)file;
        work->out->mapping_build = (int64_t)build;
    }
    *place = work->mapping_count;
    work->mapping_files[work->mapping_count][0] = file;
    work->mapping_files[work->mapping_count++][1] = build;
    return PPROF_FINE;
}

static enum pprof_fault read_line(struct work *work, struct wire from)
{
    struct wire_field field;
    uint64_t function = 0;
    enum pprof_fault fault;

    while (from.at < from.end) {
        if ((fault = wire_next(&from, &field)))
            return fault;
        if (field.type == 0 && field.number == 1)
            function = field.value;
    }
    if ((fault = MAKE_ROOM(work->line_functions, work->line_room, work->line_count + 1)))
        return fault;
    work->line_functions[work->line_count++] = function;
    return PPROF_FINE;
}

static enum pprof_fault read_location(struct work *work, struct wire from)
{
    struct wire_field field;
    uint64_t id = 0, mapping = 0;
    uint32_t *place, room = work->location_room, begin = work->line_count;
    enum pprof_fault fault;

    while (from.at < from.end) {
        if ((fault = wire_next(&from, &field)))
            return fault;
        if (field.type == 0 && field.number == 1)
            id = field.value;
        else if (field.type == 0 && field.number == 2)
            mapping = field.value;
        else if (field.type == 2 && field.number == 4 && (fault = read_line(work, field.content)))
            return fault;
    }
    if ((fault = MAKE_ROOM(work->line_begin, room, work->location_count + 2)) ||
        (fault = MAKE_ROOM(work->location_mappings, work->location_room, work->location_count + 2)))
        return fault;
    if (!(place = index_put(&work->locations, id)))
        return PPROF_MEMORY;
    *place = work->location_count;
    work->line_begin[work->location_count] = begin;
    work->location_mappings[work->location_count++] = mapping;
    work->line_begin[work->location_count] = work->line_count;
    return PPROF_FINE;
}

static enum pprof_fault read_function(struct work *work, struct wire from)
{
    struct wire_field field;
    uint64_t id = 0, name = 0;
    uint32_t *place;
    enum pprof_fault fault;

    while (from.at < from.end) {
        if ((fault = wire_next(&from, &field)))
            return fault;
        if (field.type == 0 && field.number == 1)
            id = field.value;
        else if (field.type == 0 && field.number == 2)
            name = field.value;
    }
    if ((fault = MAKE_ROOM(work->function_names, work->function_room, work->function_count + 1)))
        return fault;
    if (!(place = index_put(&work->functions, id)))
        return PPROF_MEMORY;
    *place = work->function_count;
    work->function_names[work->function_count++] = name;
    return PPROF_FINE;
}

static enum pprof_fault read_string(struct work *work, struct wire from)
{
    struct pprof *out = work->out;
    enum pprof_fault fault = MAKE_ROOM(out->strings, work->string_room, out->string_count + 1);

    if (fault)
        return fault;
    out->strings[out->string_count][0] = from.at - work->raw;
    out->strings[out->string_count++][1] = from.end - from.at;
    return PPROF_FINE;
}

static enum pprof_fault read_scalar(struct pprof *out, const struct wire_field *field)
{
    switch (field->number) {
    case 7:
        out->drop_frames = (int64_t)field->value;
        break;
    case 9:
        out->time_ns = (int64_t)field->value;
        break;
    case 12:
        out->period = (int64_t)field->value;
        break;
    case 14:
        out->default_type = (int64_t)field->value;
        break;
    default:
        break;
    }
    return PPROF_FINE;
}

static enum pprof_fault read_message(struct work *work, const struct wire_field *field)
{
    struct pprof *out = work->out;

    switch (field->number) {
    case 1:
        if (out->type_count == PPROF_TYPES)
            return PPROF_MANY;
        return read_pair(field->content, out->types[out->type_count++]);
    case 2:
        out->samples++;
        return PPROF_FINE;
    case 3:
        return read_mapping(work, field->content);
    case 4:
        return read_location(work, field->content);
    case 5:
        return read_function(work, field->content);
    case 6:
        return read_string(work, field->content);
    case 11:
        return read_pair(field->content, out->period_type);
    default:
        return PPROF_FINE;
    }
}

static enum pprof_fault read_tables(struct work *work)
{
    struct wire from = {work->raw, work->raw + work->length};
    struct wire_field field;

    while (from.at < from.end) {
        const uint8_t *begin = from.at;
        enum pprof_fault fault = wire_next(&from, &field);
        if (!fault && field.type == 0)
            fault = read_scalar(work->out, &field);
        else if (!fault && field.type == 2)
            fault = read_message(work, &field);
        if (fault) {
            work->out->fault_at = (size_t)(begin - work->raw);
            return fault;
        }
    }
    if (!work->out->type_count || !work->out->string_count || work->out->strings[0][1])
        return PPROF_NO_TYPES;
    return PPROF_FINE;
}

/* -- nodes: one for each name ---------------------------------------------------------------- */

static uint64_t hash_bytes(const uint8_t *at, size_t length, uint64_t hash)
{
    while (length--)
        hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
    return index_mix(hash);
}

/* The node of a name, made when it is new. Names that share a hash of 64 bits are told apart by one more step of the hash. */
static enum pprof_fault node_of(struct work *work, struct pprof_name name, uint32_t *node)
{
    struct pprof *out = work->out;
    uint64_t hash;
    enum pprof_fault fault;

    if (name.offset >= 0)
        hash = hash_bytes(work->raw + name.offset, (size_t)name.length, UINT64_C(0xcbf29ce484222325));
    else
        hash = hash_bytes((const uint8_t *)&name, sizeof name, 1);
    for (;; hash = index_mix(hash + 1)) {
        uint32_t *place = index_put(&work->names, hash);
        if (!place)
            return PPROF_MEMORY;
        if (*place == INDEX_NONE) {
            if ((fault = MAKE_ROOM(out->nodes, work->node_room, out->node_count + 1)))
                return fault;
            out->nodes[out->node_count] = name;
            *place = out->node_count++;
        } else {
            const struct pprof_name *known = &out->nodes[*place];
            int same = known->length == name.length && (known->offset < 0) == (name.offset < 0);
            if (same && name.offset >= 0)
                same = !memcmp(work->raw + known->offset, work->raw + name.offset, (size_t)name.length);
            else if (same)
                same = known->file == name.file;
            if (!same)
                continue;
        }
        *node = *place;
        return PPROF_FINE;
    }
}

/* A frame without a name is a node by its mapping's file; all frames without either are one. */
static enum pprof_fault name_of_file(struct work *work, uint32_t location, struct pprof_name *name)
{
    uint32_t at = index_get(&work->mappings, work->location_mappings[location]);
    uint64_t file = at == INDEX_NONE ? 0 : work->mapping_files[at][0];

    if (file >= work->out->string_count)
        return PPROF_REFERENCE;
    name->offset = -1;
    name->length = 0;
    name->file = work->out->strings[file][1] ? (int64_t)file : -1;
    return PPROF_FINE;
}

static enum pprof_fault name_of_line(struct work *work, uint32_t location, uint64_t function, struct pprof_name *name)
{
    struct pprof *out = work->out;
    uint32_t at = index_get(&work->functions, function);
    uint64_t string;

    if (at == INDEX_NONE)
        return PPROF_REFERENCE;
    string = work->function_names[at];
    if (string >= out->string_count)
        return PPROF_REFERENCE;
    if (!out->strings[string][1])
        return name_of_file(work, location, name);
    name->offset = out->strings[string][0];
    name->length = out->strings[string][1];
    name->file = -1;
    return PPROF_FINE;
}

/* Lines of all locations as nodes; a location without lines gets one. */
static enum pprof_fault make_nodes(struct work *work)
{
    uint32_t location, line, to = 0, *nodes;
    size_t room = (size_t)work->line_count + work->location_count + 1;
    struct pprof_name name;
    enum pprof_fault fault;

    if (!(nodes = work->line_nodes = malloc(room * sizeof *nodes)))
        return PPROF_MEMORY;
    for (location = 0; location < work->location_count; location++) {
        uint32_t begin = work->line_begin[location], end = work->line_begin[location + 1];
        work->line_begin[location] = to;
        for (line = begin; line < end; line++)
            if ((fault = name_of_line(work, location, work->line_functions[line], &name)) ||
                (fault = node_of(work, name, &nodes[to++])))
                return fault;
        if (begin == end && ((fault = name_of_file(work, location, &name)) || (fault = node_of(work, name, &nodes[to++]))))
            return fault;
        if (location + 1 == work->location_count)
            work->line_begin[location + 1] = to;
    }
    return PPROF_FINE;
}

/* -- second walk: the samples ---------------------------------------------------------------- */

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

static uint64_t size_of(uint64_t value)
{
    return (int64_t)value < 0 ? 0 - value : value;
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
        out->totals[type] = (int64_t)((uint64_t)out->totals[type] + size_of(sample->values[type]));
        if (work->most_stacks && sample->values[type])
            keep_sample(work, type, size_of(sample->values[type]), from);
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

    return size_of((uint64_t)cum) >= work->cutoff[type];
}

/* The share is of what the nodes have, not of the total: samples without a stack are in no node. */
static void set_cutoff(struct work *work, uint32_t type, double fraction)
{
    const struct pprof *out = work->out;
    uint64_t sum = 0;
    uint32_t node;

    for (node = 0; node < out->node_count; node++)
        sum += (uint64_t)out->flat[(size_t)node * out->type_count + type];
    work->cutoff[type] = (uint64_t)((double)size_of(sum) * fraction);
    work->edge_cutoff[type] = (uint64_t)((double)size_of(sum) * PPROF_EDGE_FRACTION);
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
            if (size_of(edge->value) >= work->edge_cutoff[type])
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

static enum pprof_fault sum_up(struct work *work, double fraction)
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
    fault = read_tables(&work);
    if (!fault)
        fault = make_nodes(&work);
    if (!fault)
        fault = sum_up(&work, fraction);
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
