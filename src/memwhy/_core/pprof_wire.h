/* The protobuf wire format, bounded: every read checks the end of the message it is in. */
#ifndef MEMWHY_PPROF_WIRE_H
#define MEMWHY_PPROF_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "pprof.h"

struct wire {
    const uint8_t *at, *end;
};

struct wire_field {
    uint32_t number, type;
    uint64_t value;      /* of wire type 0 */
    struct wire content; /* of wire type 2 */
};

static inline enum pprof_fault wire_varint(struct wire *from, uint64_t *value)
{
    uint64_t found = 0;
    unsigned shift = 0;

    while (from->at < from->end && shift < 70) {
        uint8_t byte = *from->at++;
        if (shift < 64)
            found |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = found;
            return PPROF_FINE;
        }
        shift += 7;
    }
    return PPROF_NUMBER;
}

/* The next field of a message that is not at its end. */
static inline enum pprof_fault wire_next(struct wire *from, struct wire_field *field)
{
    uint64_t tag = 0, size = 0;
    enum pprof_fault fault = wire_varint(from, &tag);

    field->value = 0;
    field->content.at = field->content.end = NULL;
    if (fault)
        return fault;
    field->number = (uint32_t)(tag >> 3);
    field->type = (uint32_t)(tag & 7);
    if (tag >> 32 || !field->number)
        return PPROF_WIRE;
    switch (field->type) {
    case 0:
        return wire_varint(from, &field->value);
    case 2:
        if ((fault = wire_varint(from, &size)))
            return fault;
        if (size > (uint64_t)(from->end - from->at))
            return PPROF_SHORT;
        field->content.at = from->at;
        field->content.end = from->at += size;
        return PPROF_FINE;
    case 1:
    case 5:
        size = field->type == 1 ? 8 : 4;
        if (size > (uint64_t)(from->end - from->at))
            return PPROF_SHORT;
        from->at += size;
        return PPROF_FINE;
    default:
        return PPROF_WIRE;
    }
}

/* Numbers of a repeated field, packed or one by one, up to `most`; *count may become larger than most, and says how many. */
static inline enum pprof_fault wire_numbers(const struct wire_field *field, uint64_t *into, size_t most, size_t *count)
{
    struct wire from = field->content;

    if (field->type == 0) {
        if (*count < most)
            into[*count] = field->value;
        ++*count;
        return PPROF_FINE;
    }
    if (field->type != 2)
        return PPROF_WIRE;
    while (from.at < from.end) {
        uint64_t value = 0;
        enum pprof_fault fault = wire_varint(&from, &value);
        if (fault)
            return fault;
        if (*count < most)
            into[*count] = value;
        ++*count;
    }
    return PPROF_FINE;
}

#endif
