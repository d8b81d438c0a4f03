/* leak BYTES SIZE CHURN: for each line that it reads, allocates BYTES in blocks of SIZE, with CHURN short-lived blocks between any two, and writes
 * "held"; for the next line gives them back and writes "freed". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *ring[64];
static unsigned int state = 12345;

__attribute__((noinline)) static void *hold(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

__attribute__((noinline)) static void churn(long times)
{
    for (long i = 0; i < times; i++) {
        void **slot = &ring[(state = state * 1664525u + 1013904223u) >> 26];
        free(*slot);
        *slot = malloc(16u << (state >> 20 & 7));
        __asm__ volatile("" : : "r"(*slot) : "memory");
    }
}

int main(int count, char **arguments)
{
    size_t bytes, size, number;
    void **blocks;
    char byte;

    if (count != 4)
        return 2;
    bytes = strtoul(arguments[1], NULL, 10);
    size = strtoul(arguments[2], NULL, 10);
    number = bytes / size;
    blocks = malloc(number * sizeof *blocks);
    while (read(0, &byte, 1) == 1) {
        for (size_t i = 0; i < number; i++) {
            churn(atol(arguments[3]));
            blocks[i] = hold(size);
        }
        (void)!write(1, "held\n", 5);
        if (read(0, &byte, 1) != 1)
            break;
        for (size_t i = 0; i < number; i++)
            free(blocks[i]);
        (void)!write(1, "freed\n", 6);
    }
    return 0;
}
