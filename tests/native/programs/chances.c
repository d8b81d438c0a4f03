/* Reads lines of "gap RANDOM PERIOD", "probability BYTES PERIOD" and "weight BYTES PROBABILITY RANDOM"; writes what the sampler makes of each. */
#include "../../../src/memwhy/native/c/chance.c"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char what[16];
    uint64_t a, b, c;

    while (scanf("%15s %" SCNu64 " %" SCNu64, what, &a, &b) == 3) {
        if (strcmp(what, "gap") == 0)
            printf("%" PRIu64 "\n", mw_gap(a, b));
        else if (strcmp(what, "probability") == 0)
            printf("%" PRIu64 "\n", mw_probability(a, b));
        else if (scanf("%" SCNu64, &c) == 1)
            printf("%" PRIu64 "\n", mw_weight(a, b, c));
    }
    return 0;
}
