/* Damages .eh_frame sections at random and reads them: a smoke test for AddressSanitizer, no search for coverage.
 *
 *   cc -fsanitize=address,undefined -I src/memwhy/_core -o fuzz tests/native/fuzz_eh_rows.c src/memwhy/_core/eh_rows.c src/memwhy/_core/eh_program.c
 *   ./fuzz ROUNDS SECTION …
 *
 * Each section is copied to a heap block of exactly its size, so that a read one byte past it is caught. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eh_rows.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static size_t damage(uint8_t *bytes, size_t length)
{
    uint64_t times = 1 + draw(8);

    while (times--) {
        size_t at = draw(length);

        switch (draw(4)) {
        case 0:
            bytes[at] = (uint8_t)draw(256);
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1u << draw(8));
            break;
        case 2:
            length = at + 1;
            break;
        default:
            bytes[at] = 0xff;
        }
    }
    return length;
}

int main(int count, char **words)
{
    static uint8_t file[1 << 16], damaged[1 << 16];
    long rounds = count > 2 ? atol(words[1]) : 0, rows = 0;

    for (int one = 2; one < count; one++) {
        FILE *stream = fopen(words[one], "rb");
        size_t length = stream ? fread(file, 1, sizeof file, stream) : 0;

        if (!length)
            return 2;
        fclose(stream);
        for (long round = 0; round < rounds; round++) {
            struct eh_rows out;
            size_t rest;
            uint8_t *exact;

            memcpy(damaged, file, length);
            rest = round ? damage(damaged, length) : length;
            exact = malloc(rest);
            memcpy(exact, damaged, rest);
            if (eh_rows_read(exact, rest, draw(1) ? 0 : 0x400000, 0, 100000, &out) == 0)
                rows += (long)out.count;
            free(out.rows);
            free(exact);
        }
    }
    printf("%ld\n", rows);
    return rows ? 0 : 1;
}
