/* The tables of a profile: what the samples refer to. Format: google/pprof proto/profile.proto. */
#include <string.h>

#include "pprof_work.h"

enum pprof_fault pprof_make_room(void **list, uint32_t *room, uint32_t need, size_t size)
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

#define SMALL 8

/* The numbers of a small message by their fields 1 to SMALL - 1; 0 for those that are not there. */
static enum pprof_fault read_small(struct wire from, uint64_t numbers[SMALL])
{
    struct wire_field field;

    memset(numbers, 0, SMALL * sizeof *numbers);
    while (from.at < from.end) {
        enum pprof_fault fault = wire_next(&from, &field);
        if (fault)
            return fault;
        if (field.type == 0 && field.number < SMALL)
            numbers[field.number] = field.value;
    }
    return PPROF_FINE;
}

static enum pprof_fault read_pair(struct wire from, int64_t pair[2])
{
    uint64_t numbers[SMALL];
    enum pprof_fault fault = read_small(from, numbers);

    pair[0] = (int64_t)numbers[1];
    pair[1] = (int64_t)numbers[2];
    return fault;
}

static enum pprof_fault read_mapping(struct work *work, struct wire from)
{
    uint64_t numbers[SMALL];
    uint32_t *place;
    enum pprof_fault fault;

    if ((fault = read_small(from, numbers)) ||
        (fault = MAKE_ROOM(work->mapping_files, work->mapping_room, work->mapping_count + 1)))
        return fault;
    if (!(place = index_put(&work->mappings, numbers[1])))
        return PPROF_MEMORY;
    if (!work->mapping_count) {
        work->out->mapping_file = (int64_t)numbers[5];
        work->out->mapping_build = (int64_t)numbers[6];
    }
    *place = work->mapping_count;
    work->mapping_files[work->mapping_count++] = numbers[5];
    return PPROF_FINE;
}

static enum pprof_fault read_line(struct work *work, struct wire from)
{
    uint64_t numbers[SMALL];
    enum pprof_fault fault;

    if ((fault = read_small(from, numbers)) ||
        (fault = MAKE_ROOM(work->line_functions, work->line_room, work->line_count + 1)))
        return fault;
    work->line_functions[work->line_count++] = numbers[1];
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
    uint64_t numbers[SMALL];
    uint32_t *place;
    enum pprof_fault fault;

    if ((fault = read_small(from, numbers)) ||
        (fault = MAKE_ROOM(work->function_names, work->function_room, work->function_count + 1)))
        return fault;
    if (!(place = index_put(&work->functions, numbers[1])))
        return PPROF_MEMORY;
    *place = work->function_count;
    work->function_names[work->function_count++] = numbers[2];
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

enum pprof_fault pprof_read_tables(struct work *work)
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
    uint64_t file = at == INDEX_NONE ? 0 : work->mapping_files[at];

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
enum pprof_fault pprof_make_nodes(struct work *work)
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
