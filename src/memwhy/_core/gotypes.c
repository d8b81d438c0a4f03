#include "gotypes.h"

#include <stdlib.h>
#include <string.h>

#define PLACES (1u << 17) /* a power of two, more than twice GOTYPES_MOST */
#define NONES (1u << 16)
#define PROGRAM_BYTES 65536u
#define TYPE_BYTES 48
#define DIRECT 32   /* KindDirectIface in Kind_ up to Go 1.25, TFlagDirectIface in TFlag since; the other flag's bit is free there */
#define DEEPEST 16

int gotypes_open(struct gotypes *types, const struct memory *memory, int on_demand_flag, int program_flag)
{
    *types = (struct gotypes){
        .memory = memory, .on_demand_flag = on_demand_flag, .program_flag = program_flag, .count = 1};
    types->places = calloc(PLACES, sizeof *types->places);
    types->rows = calloc(GOTYPES_MOST, sizeof *types->rows); /* never moved: rows are held on to while others are added */
    types->none = calloc(NONES, sizeof *types->none);
    return types->places && types->rows && types->none ? 0 : -1;
}

void gotypes_close(struct gotypes *types)
{
    for (uint32_t i = 1; types->rows && i < types->count; i++) {
        free((void *)(uintptr_t)types->rows[i].mask);
        free(types->rows[i].words_to);
    }
    free(types->rows);
    free(types->places);
    free(types->none);
    free(types->codes);
}

static uint64_t word(const uint8_t *raw)
{
    uint64_t value;

    memcpy(&value, raw, sizeof value);
    return value;
}

static void copy_bits(uint8_t *mask, uint64_t to, uint64_t from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (mask[(from + i) / 8] >> (from + i) % 8 & 1)
            mask[(to + i) / 8] |= (uint8_t)(1u << (to + i) % 8);
}

static uint64_t varint(const uint8_t *program, size_t size, size_t *at)
{
    uint64_t value = 0;

    for (int shift = 0; *at < size && shift < 56; shift += 7) {
        uint8_t byte = program[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* A GC program (runtime/mbitmap.go, runGCProg): bits as they stand, and repetitions of those before. Returns 0, or -1 where it makes no sense. */
static int run_program(const uint8_t *program, size_t size, uint8_t *mask, uint64_t words)
{
    uint64_t done = 0;
    size_t at = 0;

    while (at < size) {
        uint8_t op = program[at++];
        uint64_t n = op & 0x7f, times;
        if (op == 0)
            return 0;
        if (op < 0x80) {
            for (uint64_t i = 0; i < n && done < words && at + i / 8 < size; i++, done++)
                if (program[at + i / 8] >> i % 8 & 1)
                    mask[done / 8] |= (uint8_t)(1u << done % 8);
            at += (size_t)(n + 7) / 8;
            continue;
        }
        if (n == 0)
            n = varint(program, size, &at);
        times = varint(program, size, &at);
        if (n == 0 || n > done)
            return -1;
        for (; times > 0 && done < words; times--, done += n)
            copy_bits(mask, done, done - n, done + n <= words ? n : words - done);
    }
    return -1;
}

static uint8_t *read_mask(struct gotypes *types, uint64_t address, uint64_t words, int program)
{
    uint8_t *mask = calloc((size_t)(words + 63) / 64 + 1, 8);
    size_t got;

    if (mask == NULL)
        return NULL;
    if (program) {
        uint8_t *raw = malloc(PROGRAM_BYTES);
        got = raw ? memory_read(types->memory, address + 4, raw, PROGRAM_BYTES) : 0; /* its length stands before it */
        program = raw ? run_program(raw, got, mask, words) : -1;
        free(raw);
        if (program == 0)
            return mask;
    } else if (memory_read(types->memory, address, mask, (size_t)(words + 7) / 8) == (words + 7) / 8) {
        return mask;
    }
    free(mask);
    return NULL;
}

static int read_type(struct gotypes *types, uint64_t address, struct gotype *type)
{
    uint8_t raw[TYPE_BYTES];
    uint64_t pointers, mask;

    if (address == 0 || address % 8 || memory_read(types->memory, address, raw, sizeof raw) < sizeof raw)
        return -1;
    *type = (struct gotype){
        .address = address, .size = word(raw), .kind = raw[23] & 31, .direct = ((raw[20] | raw[23]) & DIRECT) != 0};
    pointers = word(raw + 8);
    mask = word(raw + 32);
    if (type->kind == 0 || type->kind > GOTYPE_UNSAFE || type->size == 0 || type->size > (UINT64_C(1) << 40) || pointers > type->size || pointers % 8)
        return -1;
    type->words = pointers / 8;
    if (type->words == 0)
        return 0;
    if (types->on_demand_flag && raw[20] & types->on_demand_flag) {
        uint8_t there[8];
        mask = memory_read(types->memory, mask, there, sizeof there) == sizeof there ? word(there) : 0;
    }
    if (mask != 0 && type->words <= GOTYPES_WORDS)
        type->mask = read_mask(types, mask, type->words, types->program_flag && raw[23] & types->program_flag);
    types->conservative += type->mask == NULL;
    return 0;
}

/* Where the row of an address is, or is to be written down; its number by way of `row`, 0 for a new one. */
static uint32_t place_of(const struct gotypes *types, uint64_t address, uint32_t *row)
{
    uint32_t place = (uint32_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 47) & (PLACES - 1);

    while ((*row = types->places[place]) != 0 && types->rows[*row].address != address)
        place = (place + 1) & (PLACES - 1);
    return place;
}

static uint32_t append(struct gotypes *types, uint32_t place, const struct gotype *type)
{
    if (types->count >= GOTYPES_MOST)
        return 0;
    types->rows[types->count] = *type;
    types->places[place] = types->count;
    return types->count++;
}

/* Where it is remembered that an address is of no type. Not among the rows: what was freed and given out anew while it is read holds any
 * number of such addresses. */
static uint32_t none_of(uint64_t address)
{
    return (uint32_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

uint32_t gotypes_find(struct gotypes *types, uint64_t address)
{
    uint32_t row, place = place_of(types, address, &row);
    struct gotype type;

    if (row)
        return row;
    if (address == 0 || address % 8 || address >> 47 || types->none[none_of(address)] == address)
        return 0;
    if (read_type(types, address, &type)) {
        types->none[none_of(address)] = address;
        return 0;
    }
    return append(types, place, &type);
}

int gotypes_is_made(struct gotypes *types, uint64_t address)
{
    uint8_t raw[TYPE_BYTES];
    uint32_t row;
    int32_t name;

    place_of(types, address, &row);
    if (row)
        return types->rows[row].size != 0;
    if (address % 8 || memory_read(types->memory, address, raw, sizeof raw) < sizeof raw)
        return 0;
    memcpy(&name, raw + 40, sizeof name); /* negative: it stands in a table of reflect's own (runtime/type.go, reflectOffs) */
    return name < 0 && raw[21] && raw[21] <= 8 && !(raw[21] & (raw[21] - 1)) && raw[21] == raw[22] && (raw[23] & 31) &&
           (raw[23] & 31) <= GOTYPE_UNSAFE && word(raw) && word(raw + 8) <= word(raw);
}

static uint64_t word_at(const struct gotypes *types, uint64_t address)
{
    uint8_t raw[8];

    return memory_read(types->memory, address, raw, sizeof raw) == sizeof raw ? word(raw) : 0;
}

/* Of a struct or an array that stands in an interface's word: its one field's or element's type. */
static uint32_t only_part(struct gotypes *types, const struct gotype *type)
{
    uint64_t fields, count;

    if (type->kind == GOTYPE_ARRAY)
        return gotypes_find(types, word_at(types, type->address + TYPE_BYTES));
    fields = word_at(types, type->address + 56);
    count = word_at(types, type->address + 64);
    for (uint64_t i = 0; i < count && i < DEEPEST; i++) {
        uint32_t row = gotypes_find(types, word_at(types, fields + 24 * i + 8));
        if (row && types->rows[row].words)
            return row;
    }
    return 0;
}

static uint32_t look_behind(struct gotypes *types, uint32_t row)
{
    for (int depth = 0; row && depth < DEEPEST; depth++) {
        const struct gotype *type = &types->rows[row];
        switch (type->kind) {
        case GOTYPE_POINTER:
            return gotypes_find(types, word_at(types, type->address + TYPE_BYTES));
        case GOTYPE_FUNC:
        case GOTYPE_UNSAFE:
            return 0;
        case GOTYPE_CHAN:
        case GOTYPE_MAP:
            return gotypes_made(types, type->address | GOTYPES_HEADER, 8);
        case GOTYPE_ARRAY:
        case GOTYPE_STRUCT:
            if (!type->direct)
                return row;
            row = only_part(types, type);
            break;
        default:
            return row;
        }
    }
    return 0;
}

uint32_t gotypes_behind(struct gotypes *types, uint32_t row)
{
    if (types->rows[row].behind == 0)
        types->rows[row].behind = 1 + look_behind(types, row);
    return types->rows[row].behind - 1;
}

int gotypes_know_codes(struct gotypes *types, const uint64_t *codes, size_t count)
{
    free(types->codes);
    types->code_count = 0;
    types->codes = malloc((count + 1) * sizeof *codes);
    if (types->codes == NULL)
        return -1;
    memcpy(types->codes, codes, count * sizeof *codes);
    types->code_count = count;
    return 0;
}

static int by_number(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

uint32_t gotypes_closure(struct gotypes *types, uint64_t code)
{
    struct gotype type = {.address = code, .size = 8, .kind = GOTYPE_CLOSURE};
    uint32_t row, place = place_of(types, code, &row);

    if (row || (types->codes != NULL && bsearch(&code, types->codes, types->code_count, sizeof code, by_number) == NULL))
        return row;
    return append(types, place, &type);
}

uint32_t gotypes_made(struct gotypes *types, uint64_t key, uint64_t size)
{
    struct gotype type = {.address = key, .size = size, .kind = GOTYPE_MADE};
    uint32_t row, place = place_of(types, key, &row);

    return row ? row : append(types, place, &type);
}
