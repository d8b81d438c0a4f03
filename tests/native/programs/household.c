/* household SECONDS WHAT…: does each WHAT for so long, 64 KiB of it every 1/16 s, and then ends. WHAT: leak (blocks that are never
 * freed), cache (the same, up to 4 MiB, kept), turnover (each block is freed when 2 s old), churn (freed at once), map (mappings that
 * stay), unmap (mappings that do not). Writes "begun" when all has been done once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUND = 65536, BLOCK = 256, PER_ROUND = ROUND / BLOCK, OLD = 32, CACHE = 64 };

static void *volatile kept[CACHE][PER_ROUND];
static void *young[OLD][PER_ROUND];
static void **chain;

__attribute__((noinline)) static void forget_lines(void)
{
    for (int i = 0; i < PER_ROUND; i++) {
        void **line = malloc(BLOCK);
        memset(line, 1, BLOCK);
        *line = chain;
        chain = line;
    }
}

__attribute__((noinline)) static void fill_cache(long round)
{
    for (int i = 0; i < PER_ROUND && round < CACHE; i++)
        kept[round][i] = memset(malloc(BLOCK), 1, BLOCK);
}

__attribute__((noinline)) static void turn_over(long round)
{
    for (int i = 0; i < PER_ROUND; i++) {
        free(young[round % OLD][i]);
        young[round % OLD][i] = memset(malloc(BLOCK), 1, BLOCK);
    }
}

__attribute__((noinline)) static void come_and_go(void)
{
    for (int i = 0; i < PER_ROUND; i++) {
        void *block = malloc(BLOCK);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
}

__attribute__((noinline)) static void *map_pages(void)
{
    void *pages = mmap(NULL, ROUND, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : memset(pages, 1, ROUND);
}

__attribute__((noinline)) static void do_all(int count, char **what, long round)
{
    for (int i = 0; i < count; i++) {
        if (!strcmp(what[i], "leak"))
            forget_lines();
        else if (!strcmp(what[i], "cache"))
            fill_cache(round);
        else if (!strcmp(what[i], "turnover"))
            turn_over(round);
        else if (!strcmp(what[i], "churn"))
            come_and_go();
        else if (!strcmp(what[i], "map"))
            map_pages();
        else if (!strcmp(what[i], "unmap"))
            munmap(map_pages(), ROUND);
    }
}

int main(int count, char **arguments)
{
    struct timespec next;

    if (count < 3)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long round = 0; round < 16 * atol(arguments[1]); round++) {
        do_all(count - 2, arguments + 2, round);
        if (!round && write(1, "begun\n", 6) != 6)
            return 1;
        next.tv_nsec += 62500000; /* by the clock: what a busy machine held up is made up for */
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return 0;
}
