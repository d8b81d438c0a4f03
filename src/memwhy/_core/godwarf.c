#include "godwarf.h"

#include <stdlib.h>
#include <string.h>

/* elf.h has no DWARF numbers: DWARF 5, section 7. */
enum { TAG_UNIT = 0x11, TAG_SUBPROGRAM = 0x2e, TAG_VARIABLE = 0x34 };
enum { AT_LOCATION = 0x02, AT_LOW_PC = 0x11, AT_TYPE = 0x49, AT_ADDR_BASE = 0x73 };
enum {
    F_ADDR = 0x01, F_BLOCK2 = 0x03, F_BLOCK4, F_DATA2, F_DATA4, F_DATA8, F_STRING, F_BLOCK, F_BLOCK1, F_DATA1, F_FLAG, F_SDATA,
    F_STRP, F_UDATA, F_REF_ADDR, F_REF1, F_REF2, F_REF4, F_REF8, F_REF_UDATA, F_INDIRECT, F_SEC_OFFSET, F_EXPRLOC,
    F_FLAG_PRESENT, F_STRX, F_ADDRX, F_REF_SUP4, F_STRP_SUP, F_DATA16, F_LINE_STRP, F_REF_SIG8, F_IMPLICIT_CONST, F_LOCLISTX,
    F_RNGLISTX, F_REF_SUP8, F_STRX1, F_STRX2, F_STRX3, F_STRX4, F_ADDRX1, F_ADDRX2, F_ADDRX3, F_ADDRX4,
};
#define OP_ADDR 0x03
#define ABBREVIATIONS 4096u
#define NONE UINT64_MAX

struct cursor {
    const uint8_t *at, *end;
    int bad;
};

static uint64_t number(struct cursor *c, unsigned size)
{
    uint64_t value = 0;

    if ((size_t)(c->end - c->at) < size) {
        c->bad = 1;
        return 0;
    }
    memcpy(&value, c->at, size);
    c->at += size;
    return value;
}

static uint64_t uleb(struct cursor *c)
{
    uint64_t value = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = (uint8_t)number(c, 1);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80 || c->bad)
            return value;
    }
}

static void skip(struct cursor *c, uint64_t size)
{
    if ((uint64_t)(c->end - c->at) < size)
        c->bad = 1;
    else
        c->at += size;
}

static int add(struct godwarf_rows *rows, uint64_t one, uint64_t two)
{
    if (rows->count + 2 > rows->room) {
        size_t room = rows->room ? rows->room * 2 : 1024;
        uint64_t *more = realloc(rows->words, room * sizeof *more);
        if (more == NULL)
            return -1;
        rows->words = more;
        rows->room = room;
    }
    rows->words[rows->count++] = one;
    rows->words[rows->count++] = two;
    return 0;
}

/* One unit: where it begins, how wide its offsets and addresses are, and its abbreviations: where each one's attributes stand. */
struct unit {
    const uint8_t *section, *start;
    unsigned offset_size, address_size;
    const uint8_t *rows[ABBREVIATIONS];
    const uint8_t *abbrev_end;
    struct godwarf_section addresses;
    uint64_t address_base; /* of this unit in .debug_addr */
};

static int read_abbreviations(struct unit *unit, const uint8_t *at, const uint8_t *end)
{
    struct cursor c = {at, end, 0};

    memset(unit->rows, 0, sizeof unit->rows);
    unit->abbrev_end = end;
    for (;;) {
        uint64_t code = uleb(&c), form, attribute;
        if (code == 0 || c.bad)
            return c.bad;
        if (code < ABBREVIATIONS)
            unit->rows[code] = c.at;
        uleb(&c);
        number(&c, 1);
        do {
            attribute = uleb(&c);
            form = uleb(&c);
            if (form == F_IMPLICIT_CONST)
                uleb(&c);
        } while ((attribute || form) && !c.bad);
    }
}

/* An attribute's value: a number, the place of a text or block, NONE where it was only skipped. */
static uint64_t value_of(struct cursor *c, const struct unit *unit, uint64_t form)
{
    uint64_t size;
    const uint8_t *text;

    switch (form) {
    case F_ADDR: return number(c, unit->address_size);
    case F_DATA1: case F_FLAG: case F_STRX1: case F_ADDRX1: return number(c, 1);
    case F_DATA2: case F_STRX2: case F_ADDRX2: return number(c, 2);
    case F_STRX3: case F_ADDRX3: return number(c, 3);
    case F_DATA4: case F_STRX4: case F_ADDRX4: case F_REF_SUP4: return number(c, 4);
    case F_DATA8: case F_REF_SIG8: case F_REF_SUP8: return number(c, 8);
    case F_DATA16: skip(c, 16); return NONE;
    case F_SDATA: case F_UDATA: case F_STRX: case F_ADDRX: case F_LOCLISTX: case F_RNGLISTX: return uleb(c);
    case F_STRP: case F_SEC_OFFSET: case F_LINE_STRP: case F_STRP_SUP: case F_REF_ADDR: return number(c, unit->offset_size);
    case F_REF1: return number(c, 1) + (uint64_t)(unit->start - unit->section);
    case F_REF2: return number(c, 2) + (uint64_t)(unit->start - unit->section);
    case F_REF4: return number(c, 4) + (uint64_t)(unit->start - unit->section);
    case F_REF8: return number(c, 8) + (uint64_t)(unit->start - unit->section);
    case F_REF_UDATA: return uleb(c) + (uint64_t)(unit->start - unit->section);
    case F_FLAG_PRESENT: return 1;
    case F_INDIRECT: return value_of(c, unit, uleb(c));
    case F_STRING:
        text = c->at;
        while (number(c, 1) && !c->bad)
            ;
        return (uint64_t)(text - unit->section);
    case F_BLOCK1: size = number(c, 1); break;
    case F_BLOCK2: size = number(c, 2); break;
    case F_BLOCK4: size = number(c, 4); break;
    case F_BLOCK: case F_EXPRLOC: size = uleb(c); break;
    default: c->bad = 1; return NONE;
    }
    text = c->at;
    skip(c, size);
    return size == 1 + unit->address_size && !c->bad && *text == OP_ADDR ? (uint64_t)(text - unit->section) : NONE;
}

/* A function's address as its form has it; NONE for none. */
static uint64_t address_of(const struct unit *unit, uint64_t form, uint64_t value)
{
    uint64_t at, address = 0;

    if (form == F_ADDR)
        return value;
    if (form != F_ADDRX && (form < F_ADDRX1 || form > F_ADDRX4))
        return NONE;
    at = unit->address_base + value * unit->address_size;
    if (value > UINT32_MAX || at > unit->addresses.size || unit->addresses.size - at < unit->address_size)
        return NONE;
    memcpy(&address, unit->addresses.start + at, unit->address_size);
    return address;
}

static int read_entries(struct godwarf *found, struct unit *unit, struct cursor *c)
{
    while (c->at < c->end && !c->bad) {
        uint64_t place = (uint64_t)(c->at - unit->section), code = uleb(c), tag, attribute, form;
        uint64_t location = NONE, type = NONE, low = NONE, low_form = 0, base = NONE;
        struct cursor spec = {code < ABBREVIATIONS ? unit->rows[code] : NULL, unit->abbrev_end, 0};
        if (code == 0)
            continue;
        if (spec.at == NULL)
            return 0;
        tag = uleb(&spec);
        number(&spec, 1);
        while (attribute = uleb(&spec), form = uleb(&spec), (attribute || form) && !spec.bad) {
            uint64_t value = form == F_IMPLICIT_CONST ? uleb(&spec) : value_of(c, unit, form);
            if (attribute == AT_LOCATION && (form == F_EXPRLOC || form == F_BLOCK1))
                location = value;
            else if (attribute == AT_TYPE)
                type = value;
            else if (attribute == AT_LOW_PC)
                low = value, low_form = form;
            else if (attribute == AT_ADDR_BASE)
                base = value;
        }
        if (c->bad || spec.bad)
            return 0;
        if (tag == TAG_UNIT && base != NONE)
            unit->address_base = base;
        if (tag == TAG_SUBPROGRAM && low != NONE && (low = address_of(unit, low_form, low)) != NONE && add(&found->functions, low, place))
            return -1;
        if (tag == TAG_VARIABLE && location != NONE && type != NONE) {
            uint64_t address = 0;
            memcpy(&address, unit->section + location + 1, unit->address_size);
            if (add(&found->variables, address, type))
                return -1;
        }
    }
    return 0;
}

int godwarf_read(struct godwarf *found, struct godwarf_section info, struct godwarf_section abbrev, struct godwarf_section addresses)
{
    struct cursor c = {info.start, info.start + info.size, 0};
    struct unit *unit = malloc(sizeof *unit);
    int bad = unit ? 0 : -1;

    *found = (struct godwarf){0};
    while (!bad && c.at < c.end && !c.bad) {
        struct cursor in;
        uint64_t size, version, offset;
        unit->section = info.start;
        unit->addresses = addresses;
        unit->address_base = 8; /* behind the one header that there is when nothing says it */
        unit->start = c.at;
        unit->offset_size = 4;
        size = number(&c, 4);
        if (size == 0xffffffff) {
            unit->offset_size = 8;
            size = number(&c, 8);
        }
        in = c;
        skip(&c, size);
        if (c.bad)
            break;
        in.end = c.at;
        version = number(&in, 2);
        if (version >= 5) {
            int kind = (int)number(&in, 1);
            unit->address_size = (unsigned)number(&in, 1);
            offset = number(&in, unit->offset_size);
            if (kind != 1)
                continue;
        } else {
            offset = number(&in, unit->offset_size);
            unit->address_size = (unsigned)number(&in, 1);
        }
        if (in.bad || offset >= abbrev.size || unit->address_size > 8 || version < 2 || version > 5)
            continue;
        if (read_abbreviations(unit, abbrev.start + offset, abbrev.start + abbrev.size) == 0)
            bad = read_entries(found, unit, &in);
    }
    free(unit);
    return bad;
}

void godwarf_close(struct godwarf *found)
{
    free(found->variables.words);
    free(found->functions.words);
}
