/* Blocks in two sizes, forgotten at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (int i = 0; i < 64; i++) {
            memset(malloc(4000), 1, 4000);
            memset(malloc(600), 0, 600);
        }
        usleep(50000);
    }
}
