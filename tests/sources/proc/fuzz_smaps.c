/* Damages captures at random and reads them: a smoke test for AddressSanitizer, no search for coverage.
 *
 *   cc -fsanitize=address,undefined -I src/memwhy/_core -o fuzz tests/sources/proc/fuzz_smaps.c src/memwhy/_core/smaps.c
 *   ./fuzz ROUNDS tests/evidence/linux-6.18/go-idle/smaps …
 *
 * Each text is copied to a heap block of exactly its size, so that a read one byte past it is caught. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smaps.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static size_t read_text(const char *text, size_t length)
{
    struct smaps_rows out = {NULL, 0, 0};
    ptrdiff_t bad = smaps_read(text, length, &out);
    if (bad < -1 || bad >= (ptrdiff_t)length + 1)
        abort();
    for (size_t i = 0; i < out.rows; i++)
        for (size_t place = 14; place < SMAPS_COLUMNS; place++)
            if (out.cells[i * SMAPS_COLUMNS + place] > length)
                abort();
    free(out.cells);
    return out.rows;
}

int main(int argc, char **argv)
{
    static char original[1 << 20];
    static const char interesting[] = "\n :-0f9kBRV\xff\0";
    size_t rows = 0, texts = 0;

    for (int file = 2; file < argc; file++) {
        FILE *in = fopen(argv[file], "rb");
        if (in == NULL)
            return 2;
        size_t size = fread(original, 1, sizeof original, in);
        fclose(in);
        for (long round = strtol(argv[1], NULL, 10); size > 0 && round > 0; round--) {
            size_t first = draw(size), length = draw(draw(8) ? 2000 : size);
            if (length > size - first)
                length = size - first;
            char *text = malloc(length ? length : 1);
            if (text == NULL)
                return 2;
            memcpy(text, original + first, length);
            for (uint64_t hits = draw(6); length > 0 && hits > 0; hits--)
                text[draw(length)] = interesting[draw(sizeof interesting)];
            rows += read_text(text, length);
            texts++;
            free(text);
        }
    }
    printf("%zu texts, %zu rows\n", texts, rows);
    return 0;
}
