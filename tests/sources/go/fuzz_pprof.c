/* Damages profiles at random and reads them: a smoke test for AddressSanitizer, no search for coverage.
 *
 *   cc -fsanitize=address,undefined -I src/memwhy/_core -o fuzz tests/sources/go/fuzz_pprof.c src/memwhy/_core/pprof*.c   (without pprof_module.c)
 *   ./fuzz ROUNDS PROFILE …     (inflated)
 *
 * Each profile is copied to a heap block of exactly its size, so that a read one byte past it is caught. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pprof.h"

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
    static uint8_t file[1 << 22], damaged[1 << 22];
    long rounds = count > 2 ? atol(words[1]) : 0, fine = 0;

    for (int one = 2; one < count; one++) {
        FILE *stream = fopen(words[one], "rb");
        size_t length = stream ? fread(file, 1, sizeof file, stream) : 0;
        if (!length)
            return 2;
        fclose(stream);
        for (long round = 0; round < rounds; round++) {
            struct pprof out;
            size_t rest;
            uint8_t *exact;
            memcpy(damaged, file, length);
            rest = round ? damage(damaged, length) : length;
            exact = malloc(rest);
            memcpy(exact, damaged, rest);
            fine += pprof_read(exact, rest, 50, 0.005, &out) == PPROF_FINE;
            pprof_free(&out);
            free(exact);
        }
    }
    printf("%ld\n", fine);
    return fine ? 0 : 1;
}
