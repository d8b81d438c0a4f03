#include "smaps.h"

#include <stdlib.h>
#include <string.h>

enum column { START, END, OFFSET, INODE, RSS, SIZES_END = RSS + 10, PERMS_AT = SIZES_END, DEVICE_AT, DEVICE_END,
              PATH_AT, PATH_END, FLAGS_AT, FLAGS_END };

static const struct { const char *text; size_t length; } SIZES[10] = {
    {"Rss", 3}, {"Pss", 3}, {"Shared_Clean", 12}, {"Shared_Dirty", 12}, {"Private_Clean", 13}, {"Private_Dirty", 13},
    {"Anonymous", 9}, {"LazyFree", 8}, {"AnonHugePages", 13}, {"Swap", 4},
};

/* A place in the text that never passes its line's end. */
struct cursor { const char *at, *end; };

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return 0;
    c->at++;
    return 1;
}

static int take_hex(struct cursor *c, size_t most, uint64_t *value)
{
    size_t digits = 0;
    *value = 0;
    while (c->at < c->end && digits < most && hex_digit(*c->at) >= 0) {
        *value = *value << 4 | (uint64_t)hex_digit(*c->at++);
        digits++;
    }
    return digits > 0;
}

static int take_decimal(struct cursor *c, size_t most, uint64_t *value)
{
    size_t digits = 0;
    *value = 0;
    while (c->at < c->end && digits < most && *c->at >= '0' && *c->at <= '9') {
        uint64_t digit = (uint64_t)(*c->at++ - '0');
        if (*value > (UINT64_MAX - digit) / 10)
            return 0;
        *value = *value * 10 + digit;
        digits++;
    }
    return digits > 0;
}

static int read_header(struct cursor c, const char *text, uint64_t *row)
{
    uint64_t ignored;
    memset(row, 0, SMAPS_COLUMNS * sizeof *row);
    row[RSS] = UINT64_MAX;
    if (!take_hex(&c, 16, &row[START]) || !take(&c, '-') || !take_hex(&c, 16, &row[END]) || !take(&c, ' '))
        return 0;
    row[PERMS_AT] = (uint64_t)(c.at - text);
    for (int i = 0; i < 4; i++, c.at++)
        if (c.at == c.end || memchr("-rwxsp", *c.at, 6) == NULL)
            return 0;
    if (!take(&c, ' ') || !take_hex(&c, 16, &row[OFFSET]) || !take(&c, ' '))
        return 0;
    row[DEVICE_AT] = (uint64_t)(c.at - text);
    if (!take_hex(&c, 8, &ignored) || !take(&c, ':') || !take_hex(&c, 8, &ignored))
        return 0;
    row[DEVICE_END] = (uint64_t)(c.at - text);
    if (!take(&c, ' ') || !take_decimal(&c, 20, &row[INODE]))
        return 0;
    while (take(&c, ' '))
        ;
    row[PATH_AT] = (uint64_t)(c.at - text);
    row[PATH_END] = (uint64_t)(c.end - text);
    return 1;
}

/* 1: the value was taken; 0: bad; a key that is not ours is passed over. colon: of this line, just behind a word. */
static int read_field(struct cursor line, const char *colon, const char *text, uint64_t *row)
{
    size_t key = (size_t)(colon - line.at);
    if (key == 7 && memcmp(line.at, "VmFlags", 7) == 0) {
        if (row != NULL) {
            row[FLAGS_AT] = (uint64_t)(colon + 1 - text);
            row[FLAGS_END] = (uint64_t)(line.end - text);
        }
        return row != NULL;
    }
    for (size_t i = 0; i < 10; i++) {
        struct cursor c = {colon + 1, line.end};
        uint64_t kib;
        if (key != SIZES[i].length || memcmp(line.at, SIZES[i].text, key) != 0)
            continue;
        if (row == NULL || !take(&c, ' '))
            return 0;
        while (take(&c, ' '))
            ;
        if (!take_decimal(&c, 16, &kib) || c.end - c.at != 3 || memcmp(c.at, " kB", 3) != 0)
            return 0;
        row[RSS + i] = kib * 1024;
        return 1;
    }
    return 1;
}

static uint64_t *add_row(struct smaps_rows *out)
{
    if (out->rows == out->capacity) {
        size_t capacity = out->capacity ? out->capacity * 2 : 64;
        uint64_t *cells = realloc(out->cells, capacity * SMAPS_COLUMNS * sizeof *cells);
        if (cells == NULL)
            return NULL;
        out->cells = cells;
        out->capacity = capacity;
    }
    return out->cells + SMAPS_COLUMNS * out->rows++;
}

ptrdiff_t smaps_read(const char *text, size_t length, struct smaps_rows *out)
{
    const char *end = text + length, *next;
    uint64_t *row = NULL, fresh[SMAPS_COLUMNS];

    for (const char *at = text; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct cursor line = {at, newline ? newline : end};
        const char *colon = at;
        next = newline ? newline + 1 : end;
        if (line.at == line.end)
            continue;
        while (colon < line.end && is_word(*colon))
            colon++;
        if (colon > at && colon < line.end && *colon == ':') {
            if (!read_field(line, colon, text, row))
                return at - text;
        } else if (read_header(line, text, fresh)) {
            row = add_row(out);
            if (row == NULL)
                return -2;
            memcpy(row, fresh, sizeof fresh);
        } else {
            return at - text;
        }
    }
    return -1;
}
