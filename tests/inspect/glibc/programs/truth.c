/* Fills malloc in one of several ways, then tells mallinfo2's figures for every line it reads: the process is held between lines.
 *
 * Built with -DOLD_MALLINFO for a glibc before 2.33. Nothing here allocates after the scenario is done, but "mutate". */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef OLD_MALLINFO
#define INFO struct mallinfo
#define TELL mallinfo
#else
#define INFO struct mallinfo2
#define TELL mallinfo2
#endif

static unsigned long long state = 88172645463325252ULL;

static unsigned rnd(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static void *filled(size_t size)
{
    char *block = malloc(size);
    if (block == NULL)
        abort();
    memset(block, 0x5a, size);
    return block;
}

static void tell(void)
{
    INFO info = TELL();
    char line[256];
    int size = snprintf(line, sizeof line, "%zu %zu %zu %zu %zu %zu %zu\n", (size_t)info.arena, (size_t)info.uordblks,
                        (size_t)info.fordblks, (size_t)info.fsmblks, (size_t)info.hblks, (size_t)info.hblkhd,
                        (size_t)info.keepcost);
    if (write(1, line, (size_t)size) != size)
        _exit(1);
}

#define MOST 400000
static void *kept[MOST];

static void small(int count)
{
    for (int i = 0; i < count; i++)
        kept[i] = filled(16 + rnd(500));
}

static void fragments(int count)
{
    for (int i = 0; i < count; i++)
        kept[i] = filled(i % 7 == 0 ? 20 + rnd(90) : 100 + rnd(3000));
    for (int i = 0; i < count; i++)
        if (i % 16)
            free(kept[i]);
}

static pthread_barrier_t ready;

struct job {
    int seed, count, leave;
};

static void *thread_main(void *argument)
{
    struct job *job = argument;
    unsigned long long mine = (unsigned long long)job->seed * 2654435761u + 1;
    void **blocks = malloc((size_t)job->count * sizeof *blocks);
    for (int i = 0; i < job->count; i++) {
        mine = mine * 6364136223846793005ULL + 1442695040888963407ULL;
        blocks[i] = filled(8 + (mine >> 33) % 2000);
    }
    for (int i = 0; i < job->count; i++)
        if (i % 3)
            free(blocks[i]);
    pthread_barrier_wait(&ready);
    if (!job->leave)
        for (;;)
            pause();
    return NULL;
}

static void threads(int count, int blocks, int leave)
{
    static struct job jobs[2048];
    pthread_t *ids = malloc((size_t)count * sizeof *ids);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_barrier_init(&ready, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++) {
        jobs[i] = (struct job){i + 1, blocks, leave};
        if (pthread_create(&ids[i], &attributes, thread_main, &jobs[i]) != 0)
            abort();
    }
    pthread_barrier_wait(&ready);
    for (int i = 0; leave && i < count; i++)
        pthread_join(ids[i], NULL);
}

static void big(void)
{
    for (int i = 0; i < 40; i++)
        kept[i] = filled(200000 + rnd(3000000));
    for (int i = 0; i < 40; i += 3)
        free(kept[i]);
    kept[41] = malloc(300 << 20); /* virtual: touched nowhere but at the header */
    kept[42] = realloc(kept[1], 9 << 20);
    kept[43] = calloc(1, 5 << 20);
}

static void aligned(void)
{
    for (int i = 0; i < 200; i++)
        kept[i] = memalign((size_t)32 << (i % 12), 1000 + rnd(400000));
    for (int i = 0; i < 200; i++)
        if (kept[i] != NULL && i % 5 == 0)
            free(kept[i]);
}

static void regrown(void)
{
    for (int i = 0; i < 3000; i++)
        kept[i] = filled(50 + rnd(100));
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < 3000; i++)
            kept[i] = realloc(kept[i], 20 + rnd(4000));
}

static void fast(int count)
{
    for (int i = 0; i < count; i++)
        kept[i] = filled(8 + rnd(100));
    for (int i = count - 1; i >= 0; i--)
        if (i % 2)
            free(kept[i]);
}

static void cached(void)
{
    for (int i = 0; i < 7 * 20; i++)
        kept[i] = filled((size_t)24 + 16 * (i % 20));
    kept[500] = filled(16); /* so that nothing borders on the top */
    for (int i = 0; i < 7 * 20; i++)
        free(kept[i]);
}

static void sparse_brk(void)
{
    small(2000);
    if (sbrk(10000) == (void *)-1) /* someone else moves the program break */
        abort();
    for (int i = 2000; i < 12000; i++)
        kept[i] = filled(16 + rnd(500));
}

static void blocked_brk(void)
{
    char *end;
    small(2000);
    end = sbrk(0);
    if (mmap((void *)(((unsigned long)end + 4095) & ~4095ul), 4096, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        abort();
    for (int i = 2000; i < 30000; i++)
        kept[i] = filled(16 + rnd(500));
    for (int i = 0; i < 30000; i += 3)
        free(kept[i]);
}

__attribute__((noreturn)) static void *mutate(void *argument)
{
    unsigned long long mine = (unsigned long long)(size_t)argument * 77777 + 5;
    void *slots[4096] = {0};
    for (;;) {
        mine = mine * 6364136223846793005ULL + 1442695040888963407ULL;
        unsigned slot = (mine >> 40) & 4095;
        free(slots[slot]);
        slots[slot] = malloc(16 + (mine >> 20) % 4000);
        memset(slots[slot], 1, 16);
        if ((mine >> 8 & 63) == 0)
            filled(100); /* a leak */
    }
}

static void spoil(void)
{
    small(20000);
    memset((char *)kept[10000] + malloc_usable_size(kept[10000]), 0xff, 8); /* the next chunk's size */
}

static int scene(const char *name, int argument)
{
    if (!strcmp(name, "small")) small(argument);
    else if (!strcmp(name, "fragments")) fragments(argument);
    else if (!strcmp(name, "threads")) threads(argument, 300, 0);
    else if (!strcmp(name, "arenas")) threads(argument, 3, 0);
    else if (!strcmp(name, "gone")) threads(argument, 300, 1);
    else if (!strcmp(name, "large")) threads(argument, 130000, 0);
    else if (!strcmp(name, "big")) big();
    else if (!strcmp(name, "aligned")) aligned();
    else if (!strcmp(name, "regrown")) regrown();
    else if (!strcmp(name, "fast")) fast(argument);
    else if (!strcmp(name, "cached")) cached();
    else if (!strcmp(name, "sparse_brk")) sparse_brk();
    else if (!strcmp(name, "blocked_brk")) blocked_brk();
    else if (!strcmp(name, "spoil")) spoil();
    else if (!strcmp(name, "nothing")) return 0;
    else if (!strcmp(name, "mutate")) {
        for (long i = 0; i < argument; i++) {
            pthread_t id;
            if (pthread_create(&id, NULL, mutate, (void *)(i + 1)) != 0)
                abort();
        }
    } else if (!strcmp(name, "all")) {
        small(20000);
        aligned();
        big();
        fast(3000);
        threads(argument, 300, 0);
    } else return -1;
    return 0;
}

int main(int count, char **arguments)
{
    char line[64];
    if (count < 2 || scene(arguments[1], count > 2 ? atoi(arguments[2]) : 0) != 0)
        return 2;
    if (count > 3 && !strcmp(arguments[3], "fork") && fork() != 0)
        for (;;)
            pause();
    tell();
    for (ssize_t got; (got = read(0, line, sizeof line)) > 0;) {
        if (line[0] == 't')
            malloc_trim(0);
        tell();
    }
    return 0;
}
