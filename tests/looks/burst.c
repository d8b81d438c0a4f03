/* Bursts that grow: each is freed, but for one block at its end that keeps malloc from giving the rest back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1000, STEP = 1000, MOST = 1000 };
static void *blocks[MOST * STEP], *pins[MOST];

int main(void) {
    puts("ready");
    fflush(stdout);
    for (int burst = 1; burst < MOST; burst++) {
        long count = (long)burst * STEP;
        for (long i = 0; i < count; i++)
            memset(blocks[i] = malloc(BLOCK), 1, BLOCK);
        pins[burst] = malloc(BLOCK);
        for (long i = 0; i < count; i++)
            free(blocks[i]);
        usleep(250000);
    }
    return 0;
}
