/* churn THREADS ROUNDS SPIN: each thread keeps a ring of 64 blocks of 16 bytes to 8 KiB and replaces one of them in every round, as a server's
 * requests do; SPIN is work between two rounds. Leaks, if asked for by name=bytes, are spread evenly over the rounds of thread 0:
 * node (64 B by malloc), page (8 KiB by calloc), image (1 MiB by malloc), buffer (grown by realloc to 4 KiB).
 * Prints what it has leaked and the processor time that it took, then waits for a line on its standard input when the last argument is "wait". */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define RING 64

enum { NODE, PAGE, IMAGE, BUFFER, LEAKS };
static const char *const names[LEAKS] = {"node", "page", "image", "buffer"};
static const uint64_t sizes[LEAKS] = {64, 8192, 1 << 20, 4096};
static uint64_t wanted[LEAKS], leaked[LEAKS];
static long rounds, spin;
static void *volatile sink;

__attribute__((noinline)) void leak_node(void) { sink = malloc(64); __asm__ volatile(""); }
__attribute__((noinline)) void leak_page(void) { sink = calloc(2, 4096); __asm__ volatile(""); }
__attribute__((noinline)) void leak_image(void) { sink = malloc(1 << 20); __asm__ volatile(""); }
__attribute__((noinline)) void leak_buffer(void)
{
    char *grown = NULL;
    for (size_t size = 256; size <= 4096; size *= 2)
        grown = realloc(grown, size);
    sink = grown;
}
static void (*const leak[LEAKS])(void) = {leak_node, leak_page, leak_image, leak_buffer};

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

__attribute__((noinline)) static void replace(char **slot, uint64_t random)
{
    size_t size = 16u << (random & 7);
    size += random >> 8 & (size * 2 - 1);
    free(*slot);
    *slot = malloc(size);
    (*slot)[0] = 1;
}

static void *work(void *argument)
{
    long thread = (long)argument;
    uint64_t state = 88172645463325252u + (uint64_t)thread * 977;
    char *ring[RING] = {NULL};
    volatile long busy = 0;

    for (long round = 0; round < rounds; round++) {
        uint64_t random = next(&state);
        replace(&ring[random >> 32 & (RING - 1)], random);
        for (long i = 0; i < spin; i++)
            busy += i;
        for (int which = 0; thread == 0 && which < LEAKS; which++)
            while (leaked[which] < wanted[which] && (double)leaked[which] * (double)rounds <= (double)wanted[which] * (double)round) {
                leak[which]();
                leaked[which] += sizes[which];
            }
    }
    for (int i = 0; i < RING; i++)
        free(ring[i]);
    return NULL;
}

int main(int count, char **arguments)
{
    long threads = atol(arguments[1]);
    pthread_t others[64];
    struct rusage used;
    int wait = 0;

    rounds = atol(arguments[2]);
    spin = atol(arguments[3]);
    for (int i = 4; i < count; i++) {
        wait |= strcmp(arguments[i], "wait") == 0;
        for (int which = 0; which < LEAKS; which++)
            if (strncmp(arguments[i], names[which], strlen(names[which])) == 0)
                wanted[which] = strtoull(strchr(arguments[i], '=') + 1, NULL, 10);
    }
    for (long i = 1; i < threads; i++)
        pthread_create(&others[i], NULL, work, (void *)i);
    work((void *)0);
    for (long i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
    getrusage(RUSAGE_SELF, &used);
    printf("{\"node\": %lu, \"page\": %lu, \"image\": %lu, \"buffer\": %lu, \"cpu_us\": %ld}\n", leaked[0], leaked[1], leaked[2], leaked[3],
           (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    fflush(stdout);
    if (wait)
        getchar();
    return 0;
}
