/* Memory by a known history, on command: a line with a letter and a number of MiB, answered by "ok".
 *   k  keep so much, in blocks of 1,000 bytes       f  allocate so much and free it below a block that stays
 *   a  the same in so many threads' arenas, 8 MiB each, whose threads stay        s  as f, in so many MiB of small blocks
 *   g  the same with every 64th block of 136 bytes staying: many small gaps
 *   w  allocate and free small blocks until the next line comes; it tells whether errno changed */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1000, MIB = 1 << 20 };
void *volatile pins[1 << 16];
static long pinned;

static void fill_and_free(long bytes, size_t block)
{
    long count = bytes / (long)block;
    void **blocks = calloc(count + 1, sizeof *blocks);
    for (long i = 0; i < count; i++)
        memset(blocks[i] = malloc(block), 1, block);
    pins[__sync_fetch_and_add(&pinned, 1)] = malloc(block);
    for (long i = 0; i < count; i++)
        free(blocks[i]);
    free(blocks);
}

static void *in_arena(void *done)
{
    fill_and_free(8 * MIB, BLOCK);
    pthread_barrier_wait(done);
    for (;;)
        pause();
}

static void work(void)
{
    struct pollfd input = {0, POLLIN, 0};
    long calls = 0, wrong = 0;
    while (poll(&input, 1, 0) == 0) {
        errno = 77;
        char *block = malloc(100 + calls % 900);
        wrong += errno != 77 || !block;
        memset(block, (int)calls, 100);
        free(block);
        wrong += errno != 77;
        if (++calls % 64 == 0)
            usleep(200);
    }
    printf("%s %ld\n", wrong ? "wrong" : "working", calls);
}

int main(void)
{
    char line[64], command;
    long number;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        number = 0;
        sscanf(line, "%c %ld", &command, &number);
        if (command == 'k')
            for (long i = 0; i < number * MIB / BLOCK; i++)
                memset(malloc(BLOCK), 1, BLOCK);
        if (command == 'f')
            fill_and_free(number * MIB, BLOCK);
        if (command == 's')
            fill_and_free(number * MIB, 136);
        if (command == 'g') {
            long count = number * MIB / 136;
            void **blocks = calloc(count, sizeof *blocks);
            for (long i = 0; i < count; i++)
                memset(blocks[i] = malloc(128), 1, 128);
            for (long i = 0; i < count; i++)
                if (i % 64)
                    free(blocks[i]);
            pins[__sync_fetch_and_add(&pinned, 1)] = blocks;
        }
        if (command == 'a') {
            pthread_barrier_t done;
            pthread_t thread;
            pthread_barrier_init(&done, 0, number + 1);
            for (long i = 0; i < number; i++)
                pthread_create(&thread, 0, in_arena, &done);
            pthread_barrier_wait(&done);
        }
        if (command == 'w') {
            puts("ok");
            fflush(stdout);
            work();
            if (!fgets(line, sizeof line, stdin))
                break;
            fflush(stdout);
            continue;
        }
        puts("ok");
        fflush(stdout);
    }
    return 0;
}
