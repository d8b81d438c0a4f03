/* The compiled profile reader on mutated profiles, led by coverage; for AddressSanitizer and UBSan to watch.
 *
 *   ./fuzz SECONDS ROUNDS SEED PROFILE…     (inflated; it ends at the first limit that is not 0)
 *
 * `make fuzz-pprof` builds and runs it: the reader with -fsanitize-coverage=trace-pc, this file without.
 *
 * Whoever reaches a new place of the reader is kept and mutated further. Every input stands in a heap block of exactly its
 * size, so that a read of one byte past it is caught; what is read is then gone through as the Python border does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pprof.h"

#define LONGEST (1u << 20)
#define HEAD 16 /* a tag and a length */
#define INSIDE 8192u
#define MOST_KEPT 20000
#define PLACES (1u << 14)

static uint8_t hits[PLACES], seen[PLACES];
static uintptr_t before;
static uint64_t state;
static struct input {
    uint8_t *bytes;
    size_t length;
} kept[MOST_KEPT];
static size_t kept_count;

void __sanitizer_cov_trace_pc(void);

/* A way from one place to the next, counted: what gcc calls on every edge of instrumented code. */
__attribute__((no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc(void)
{
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    uint32_t edge = (uint32_t)((here ^ before >> 1 ^ here >> 16) & (PLACES - 1));

    if (hits[edge] < 255)
        hits[edge]++;
    before = here;
}

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? state % below : 0;
}

static void keep(const uint8_t *bytes, size_t length)
{
    struct input *one = &kept[kept_count < MOST_KEPT ? kept_count++ : draw(MOST_KEPT)];

    free(one->bytes);
    one->bytes = malloc(length ? length : 1);
    if (!one->bytes)
        exit(3);
    memcpy(one->bytes, bytes, length);
    one->length = length;
}

/* The end of a field that begins at `at`, or 0 where none does. */
static size_t field_end(const uint8_t *bytes, size_t length, size_t at)
{
    uint64_t value = 0;
    unsigned type = at < length ? bytes[at] & 7 : 7, shift;

    if (at + 1 >= length || bytes[at++] & 0x80 || (type != 0 && type != 2))
        return 0;
    for (shift = 0; at < length && shift < 63; shift += 7) {
        value |= (uint64_t)(bytes[at] & 0x7f) << shift;
        if (!(bytes[at++] & 0x80))
            break;
    }
    if (bytes[at - 1] & 0x80)
        return 0;
    if (type == 2)
        at = value > length - at ? 0 : at + (size_t)value;
    return at;
}

/* Make room for, or take away, bytes at a place; gives the new length. Nothing is done where the room would not do. */
static size_t splice(uint8_t *bytes, size_t length, size_t room, size_t at, size_t out, const uint8_t *in, size_t count)
{
    if (out > length - at)
        out = length - at;
    if (length - out + count > room)
        return length;
    memmove(bytes + at + count, bytes + at + out, length - at - out);
    if (count)
        memcpy(bytes + at, in, count);
    return length - out + count;
}

static size_t write_number(uint8_t *to, uint64_t value)
{
    size_t count = 0;

    for (; value > 127; value >>= 7)
        to[count++] = (uint8_t)(value | 0x80);
    to[count++] = (uint8_t)value;
    return count;
}

static size_t put_number(uint8_t *bytes, size_t length, size_t room, size_t at)
{
    static const uint64_t edges[] = {0, 1, 2, 127, 128, 255, 2047, 2048, 2049, 65535, 1u << 20, 7999999, 8000000,
                                     8000001, INT32_MAX, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};
    uint8_t text[10];
    size_t count = write_number(text, draw(2) ? edges[draw(sizeof edges / sizeof *edges)] : draw(64));

    return splice(bytes, length, room, at, 1 + draw(3), text, count);
}

/* The beginning of one of the fields of a message. */
static size_t some_field(const uint8_t *bytes, size_t length)
{
    size_t at = 0, chosen = 0, end;
    uint64_t fields = 0;

    while ((end = field_end(bytes, length, at)) && end <= length) {
        if (!draw(++fields))
            chosen = at;
        at = end;
    }
    return chosen;
}

/* One change of a message's bytes, with no regard to the lengths that they tell. */
static size_t change(uint8_t *bytes, size_t length, size_t room)
{
    size_t at = draw(2) ? draw(length) : some_field(bytes, length), end, to;
    const struct input *other;

    switch (length ? draw(9) : 8) {
    case 0:
        bytes[at] = (uint8_t)draw(256);
        break;
    case 1:
        bytes[at] ^= (uint8_t)(1u << draw(8));
        break;
    case 2:
        return draw(8) ? length : at + 1;
    case 3:
        return splice(bytes, length, room, at, 1 + draw(16), NULL, 0);
    case 4:
        return put_number(bytes, length, room, at + 1 < length ? at + 1 : at);
    case 5: /* a field taken out */
        end = field_end(bytes, length, at);
        return end ? splice(bytes, length, room, at, end - at, NULL, 0) : length;
    case 6: /* a field once more, elsewhere */
        if ((end = field_end(bytes, length, at)) && end - at < 4096) {
            uint8_t copy[4096];
            memcpy(copy, bytes + at, end - at);
            to = some_field(bytes, length);
            return splice(bytes, length, room, to, 0, copy, end - at);
        }
        break;
    case 7: /* a field of another number or type */
        bytes[at] = (uint8_t)(draw(16) << 3 | (draw(4) ? bytes[at] & 7 : draw(8)));
        break;
    default: /* a field of another input, or any piece of it */
        other = &kept[draw(kept_count)];
        if (other->length) {
            to = draw(4) ? some_field(other->bytes, other->length) : draw(other->length);
            end = field_end(other->bytes, other->length, to);
            end = end ? end - to : 1 + draw(other->length - to < 512 ? other->length - to : 512);
            return splice(bytes, length, room, at, draw(4) ? 0 : end, other->bytes + to, end);
        }
    }
    return length;
}

/* A few changes, most of them inside a field or a field of that, whose length is told anew: what it is in stays readable. */
static size_t mutate(uint8_t *bytes, size_t length, size_t room, int depth)
{
    uint64_t times = draw(2) ? 1 : 1 + draw(5);

    while (times--) {
        size_t at = some_field(bytes, length), end = field_end(bytes, length, at), size, lead;
        uint8_t inside[HEAD + INSIDE];
        if (!end || (bytes[at] & 7) != 2 || end - at > 4096 || !draw(4)) {
            length = change(bytes, length, room);
            continue;
        }
        for (lead = 1; bytes[at + lead] & 0x80; lead++)
            ;
        size = end - at - ++lead;
        memcpy(inside + HEAD, bytes + at + lead, size);
        size = depth ? mutate(inside + HEAD, size, INSIDE, depth - 1) : change(inside + HEAD, size, INSIDE);
        inside[0] = bytes[at];
        lead = 1 + write_number(inside + 1, size);
        memmove(inside + lead, inside + HEAD, size);
        length = splice(bytes, length, room, at, end - at, inside, lead + size);
    }
    return length;
}

/* Everything that the reader gave is looked at, so that what it left unset or freed is noticed. */
static uint64_t add_up(const struct pprof *out, const uint8_t *raw, size_t length)
{
    uint64_t sum = out->samples + out->cut_stacks;
    size_t i, cells = (size_t)out->node_count * out->type_count;

    for (i = 0; i < out->string_count; i++) {
        int64_t begin = out->strings[i][0], size = out->strings[i][1];
        if (begin < 0 || size < 0 || (uint64_t)begin + (uint64_t)size > length)
            abort();
        sum += size ? raw[begin + size - 1] : 0;
    }
    for (i = 0; i < out->node_count; i++)
        if (out->nodes[i].offset >= 0) {
            if ((uint64_t)out->nodes[i].offset + (uint64_t)out->nodes[i].length > length)
                abort();
        } else if (out->nodes[i].file >= (int64_t)out->string_count)
            abort();
    for (i = 0; i < cells; i++)
        sum += (uint64_t)out->flat[i] + (uint64_t)out->cum[i] + out->inlined[i];
    for (i = 0; i < out->stack_cells;) {
        int64_t depth = i + 2 < out->stack_cells ? out->stacks[i + 2] : -1;
        if (depth < 0 || depth > PPROF_FRAMES || out->stacks[i] >= out->type_count)
            abort();
        for (i += 3; depth--; i++)
            if (i >= out->stack_cells || out->stacks[i] < 0 || out->stacks[i] >= out->node_count)
                abort();
    }
    return sum;
}

static int run(const uint8_t *bytes, size_t length, uint64_t *sum)
{
    struct pprof out;
    uint8_t *exact = malloc(length ? length : 1);
    enum pprof_fault fault;
    int news = 0;
    uint32_t i;

    if (!exact)
        exit(3);
    memcpy(exact, bytes, length);
    memset(hits, 0, sizeof hits);
    before = 0;
    fault = pprof_read(exact, length, 50, draw(4) ? 0.005 : -1.0, &out);
    for (i = 0; i < PLACES; i++) {
        uint8_t level = hits[i] > 127 ? 16 : hits[i] > 7 ? 8 : hits[i] > 2 ? 4 : hits[i] > 1 ? 2 : hits[i];
        if (level & ~seen[i]) {
            seen[i] |= level;
            news = 1;
        }
    }
    if (!fault)
        *sum += add_up(&out, exact, length);
    pprof_free(&out);
    free(exact);
    return news << 1 | (fault == PPROF_FINE);
}

int main(int count, char **words)
{
    static uint8_t bytes[LONGEST];
    long seconds = count > 4 ? atol(words[1]) : 0, rounds = count > 4 ? atol(words[2]) : 0, round, fine = 0;
    time_t end = time(NULL) + seconds;
    uint64_t sum = 0;
    int one;

    if (!seconds && !rounds)
        return 2;
    state = 88172645463325252u + strtoull(words[3], NULL, 10);
    for (one = 4; one < count; one++) {
        FILE *stream = fopen(words[one], "rb");
        size_t length = stream ? fread(bytes, 1, sizeof bytes, stream) : 0;
        if (!length)
            return 2;
        fclose(stream);
        fine += run(bytes, length, &sum) & 1;
        keep(bytes, length);
    }
    for (round = 0; (!rounds || round < rounds) && (!seconds || round % 256 || time(NULL) < end); round++) {
        const struct input *from = &kept[draw(3) ? draw(kept_count) : kept_count - 1 - draw(kept_count < 64 ? kept_count : 64)];
        size_t length = from->length;
        int told;
        memcpy(bytes, from->bytes, length);
        length = mutate(bytes, length, LONGEST, 1);
        told = run(bytes, length, &sum);
        fine += told & 1;
        if (told & 2)
            keep(bytes, length);
    }
    printf("%ld inputs, %ld of them read, %zu kept, sum %llx\n", round, fine, kept_count, (unsigned long long)sum);
    return fine ? 0 : 1;
}
