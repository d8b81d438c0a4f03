/* The records of .eh_frame: Linux Standard Base, Core, section 10.6 (exception frames); pointer encodings: section 10.5. */
#include "eh_rows.h"

#include <stdlib.h>
#include <string.h>

#include "eh_program.h"

#define OMITTED 0xff
#define RELATIVE 0x10 /* to the place of the pointer itself */

struct section {
    const uint8_t *raw;
    size_t length;
    uint64_t address;
};

static uint64_t place_of(const struct section *section, const struct eh_cursor *cursor)
{
    return section->address + (uint64_t)(cursor->at - section->raw);
}

/* The number alone, in the size that the low four bits of the encoding give. */
static uint64_t plain_pointer(struct eh_cursor *cursor, uint8_t encoding)
{
    switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
        return eh_fixed(cursor, 8);
    case 0x01:
        return eh_uleb(cursor);
    case 0x02:
        return eh_fixed(cursor, 2);
    case 0x03:
        return eh_fixed(cursor, 4);
    case 0x09:
        return (uint64_t)eh_sleb(cursor);
    case 0x0a:
        return (uint64_t)(int64_t)(int16_t)eh_fixed(cursor, 2);
    case 0x0b:
        return (uint64_t)(int64_t)(int32_t)eh_fixed(cursor, 4);
    default:
        cursor->bad = 1;
        return 0;
    }
}

static uint64_t pointer(const struct section *section, struct eh_cursor *cursor, uint8_t encoding)
{
    uint64_t place = place_of(section, cursor), value = plain_pointer(cursor, encoding);

    if ((encoding & 0x70) == RELATIVE)
        return place + value;
    if ((encoding & 0x70) != 0)
        cursor->bad = 1;
    return value;
}

/* The augmentation's letters, each with what it brings along; an unknown one ends the reading of them. */
static int augment(const struct section *section, struct eh_cursor *cursor, const char *letters, size_t count, struct eh_common *common)
{
    uint8_t encoding;

    for (size_t i = 0; i < count; i++) {
        switch (letters[i]) {
        case 'z':
            break;
        case 'R':
            common->pointer_encoding = (uint8_t)eh_fixed(cursor, 1);
            break;
        case 'P':
            encoding = (uint8_t)eh_fixed(cursor, 1);
            if (encoding != OMITTED)
                (void)plain_pointer(cursor, encoding);
            break;
        case 'L':
            (void)eh_fixed(cursor, 1);
            break;
        case 'S':
            common->signal = 1;
            break;
        default:
            return 0;
        }
    }
    (void)section;
    return !cursor->bad;
}

/* The common entry at an offset of the section. 0 when it makes no sense. */
static int common_at(const struct section *section, uint64_t offset, struct eh_common *common)
{
    struct eh_cursor cursor;
    const char *letters, *letters_end;
    uint64_t length, version, size;
    size_t count;

    memset(common, 0, sizeof *common);
    if (offset >= section->length || section->length - offset < 8)
        return 0;
    cursor = (struct eh_cursor){section->raw + offset, section->raw + section->length, 0};
    length = eh_fixed(&cursor, 4);
    if (length == UINT32_MAX || length < 4 || length > (uint64_t)(cursor.end - cursor.at))
        return 0;
    cursor.end = cursor.at + length;
    if (eh_fixed(&cursor, 4) != 0)
        return 0;
    version = eh_fixed(&cursor, 1);
    if (version != 1 && version != 3)
        return 0;
    letters = (const char *)cursor.at;
    letters_end = memchr(letters, 0, (size_t)(cursor.end - cursor.at));
    if (letters_end == NULL)
        return 0;
    count = (size_t)(letters_end - letters);
    eh_skip(&cursor, count + 1);
    common->code_align = eh_uleb(&cursor);
    common->data_align = eh_sleb(&cursor);
    if ((version == 1 ? eh_fixed(&cursor, 1) : eh_uleb(&cursor)) != 16 || cursor.bad)
        return 0;
    if (count && letters[0] == 'z') {
        common->has_size = 1;
        size = eh_uleb(&cursor);
        if (cursor.bad || size > (uint64_t)(cursor.end - cursor.at))
            return 0;
        common->program = (struct eh_cursor){cursor.at + size, cursor.end, 0};
        cursor.end = cursor.at + size;
        return augment(section, &cursor, letters, count, common);
    }
    common->program = cursor;
    return count == 0;
}

/* One description. 0, 1: it makes no sense, -1: out of memory. */
static int describe(const struct section *section, struct eh_cursor record, const struct eh_common *common, uint64_t base,
                    struct eh_rows *out)
{
    uint64_t low = pointer(section, &record, common->pointer_encoding);
    uint64_t size = plain_pointer(&record, common->pointer_encoding);

    if (common->has_size)
        eh_skip(&record, eh_uleb(&record));
    if (record.bad || low < base || size == 0 || size > UINT32_MAX || low - base > UINT32_MAX - size)
        return 1;
    return eh_program_run(common, record, low - base, low - base + size, out);
}

static int by_place(const void *left, const void *right)
{
    const struct eh_row *a = left, *b = right;

    if (a->pc_offset != b->pc_offset)
        return a->pc_offset < b->pc_offset ? -1 : 1;
    return (a->kind == EH_NO_RULE) - (b->kind == EH_NO_RULE); /* a function that begins where another ends: its own row */
}

static void put_in_order(struct eh_rows *out)
{
    uint64_t seen = UINT64_MAX;
    size_t kept = 0;

    if (out->count)
        qsort(out->rows, out->count, sizeof *out->rows, by_place);
    for (size_t i = 0; i < out->count; i++) {
        const struct eh_row *row = &out->rows[i], *last = kept ? &out->rows[kept - 1] : NULL;

        if (row->pc_offset == seen)
            continue;
        seen = row->pc_offset;
        if (last != NULL && last->kind == row->kind && last->cfa_words == row->cfa_words && last->rbp_words == row->rbp_words)
            continue;
        out->rows[kept++] = *row;
    }
    out->count = kept;
}

int eh_rows_read(const uint8_t *raw, size_t length, uint64_t section_address, uint64_t base, size_t most, struct eh_rows *out)
{
    struct section section = {raw, length, section_address};
    struct eh_cursor cursor = {raw, raw + length, 0};
    struct eh_common common;
    uint64_t common_offset = UINT64_MAX;
    int understood = 0;

    memset(out, 0, sizeof *out);
    out->fault_at = -1;
    while (cursor.end - cursor.at >= 4) {
        ptrdiff_t start = cursor.at - raw;
        uint64_t size = eh_fixed(&cursor, 4), id_at, id;
        struct eh_cursor record;

        if (size == 0) /* the terminator; a linker may leave one in the middle */
            continue;
        if (size == UINT32_MAX || size < 4 || size > (uint64_t)(cursor.end - cursor.at)) {
            out->fault_at = start;
            break;
        }
        record = (struct eh_cursor){cursor.at, cursor.at + size, 0};
        cursor.at += size;
        id_at = (uint64_t)(record.at - raw);
        id = eh_fixed(&record, 4);
        if (id == 0)
            continue;
        out->functions++;
        if (id > id_at) {
            out->broken++;
            continue;
        }
        if (common_offset != id_at - id) {
            common_offset = id_at - id;
            understood = common_at(&section, common_offset, &common);
        }
        switch (understood ? describe(&section, record, &common, base, out) : 1) {
        case -1:
            return -1;
        case 1:
            out->broken++;
            break;
        default:
            break;
        }
        if (out->count > 4 * most)
            return -2;
    }
    put_in_order(out);
    return out->count > most ? -2 : 0;
}
