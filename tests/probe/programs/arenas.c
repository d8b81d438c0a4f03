/* So many threads, one after the other and again and again, fill so many MiB with small blocks and free them, but for one at
 * the end: each thread's arena keeps what was freed in it. The fewer arenas, the less is kept. Arguments: threads, MiB. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1000, MIB = 1 << 20 };
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static long mib;

static void *fill(void *unused)
{
    long count = mib * MIB / BLOCK;
    void *volatile last = 0, **blocks = malloc(count * sizeof *blocks);
    for (;;) {
        pthread_mutex_lock(&turn);
        for (long i = 0; i < count; i++)
            memset(blocks[i] = malloc(BLOCK), 1, BLOCK);
        if (!last)
            last = malloc(BLOCK);
        for (long i = 0; i < count; i++)
            free(blocks[i]);
        pthread_mutex_unlock(&turn);
        usleep(200000);
    }
}

int main(int count, char **arguments)
{
    pthread_t thread;
    int threads = count > 2 ? atoi(arguments[1]) : 16;
    mib = count > 2 ? atoi(arguments[2]) : 4;
    for (int i = 0; i < threads; i++)
        pthread_create(&thread, 0, fill, 0);
    for (;;)
        pause();
}
