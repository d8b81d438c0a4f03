/* Blocks: plain C in the shapes that are hard to read from outside.
 *
 * blocks [-threads N] [-arenas N] [-mappings N] [-mib N] [-lost N] [-corrupt]
 *
 * -threads: that mutate after the command "mutate". -arenas: threads that hold a block each in an arena of their own.
 * -mappings: neighbours that the kernel cannot join. -mib: blocks of mixed sizes in a list. -lost: blocks of 1000 bytes
 * that nothing points to. -corrupt: one chunk's size in the middle of the heap is overwritten.
 * Commands, one a line: truth, malloc, mutate, calm, said, fork, exec, exit. Answers: one line of JSON.
 * said: the least and the most that mallinfo2 said since the last time; the mutators ask it every few milliseconds, so
 * that nothing changes for long without a reading.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCHANGES 4096

struct block { struct block *next; size_t size; };

static struct block *held;
static size_t lost_bytes, held_bytes;
static int mutating, threads, waiting, ended;
static struct { size_t arena[2], uordblks[2]; int readings; } said;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void fail(const char *what) {
    fprintf(stderr, "blocks: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct block *block_new(size_t size) {
    struct block *block = malloc(size);
    if (!block) fail("malloc");
    memset(block, 0x5a, size);
    block->size = malloc_usable_size(block) + 8;
    block->next = NULL;
    return block;
}

static void hold(size_t size) {
    struct block *block = block_new(size);
    block->next = held;
    held = block;
    held_bytes += block->size;
}

static __attribute__((noinline)) void lose(int count) {
    while (count--) lost_bytes += block_new(1000)->size;
}

static __attribute__((noinline)) void scrub(void) {
    volatile char below[1 << 14];
    memset((char *)below, 0, sizeof below);
}

static void widen(size_t range[2], size_t value) {
    if (!said.readings || value < range[0]) range[0] = value;
    if (!said.readings || value > range[1]) range[1] = value;
}

static void note_malloc(void) {
    struct mallinfo2 info = mallinfo2();
    pthread_mutex_lock(&mutex);
    widen(said.arena, info.arena);
    widen(said.uordblks, info.uordblks);
    said.readings++;
    pthread_mutex_unlock(&mutex);
}

/* mutator keeps a thousand blocks and exchanges one after the other while it may. */
static void *mutator(void *seed) {
    unsigned random = (unsigned)(size_t)seed * 2654435761u + 1;
    void *kept[1000] = {0};
    for (;;) {
        pthread_mutex_lock(&mutex);
        waiting++;
        pthread_cond_broadcast(&changed);
        while (!mutating) pthread_cond_wait(&changed, &mutex);
        waiting--;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
        for (unsigned turn = 1; __atomic_load_n(&mutating, __ATOMIC_RELAXED); turn++) {
            if (turn % EXCHANGES == 0) note_malloc();
            random = random * 1664525u + 1013904223u;
            void **place = &kept[random >> 8 & 511];
            free(*place);
            size_t size = random >> 20 & 63 ? 16 + (random >> 12 & 1023) : 1u << (random >> 14 & 15);
            *place = malloc(size + 1);
            if (*place) memset(*place, 1, size + 1);
        }
    }
    return NULL;
}

/* holder has one block in an arena of its own, as long as arenas are not yet as many as they may be. */
static void *holder(void *unused) {
    (void)unused;
    struct block *volatile mine = block_new(3000);
    pthread_mutex_lock(&mutex);
    ended++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    for (;;) pause();
    return (void *)mine;
}

static void start(void *(*body)(void *), int count) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    for (int number = 0; number < count; number++) {
        pthread_t thread;
        if (pthread_create(&thread, &small, body, (void *)(size_t)number)) fail("pthread_create");
    }
}

static void map(int count) {
    size_t page = (size_t)getpagesize();
    for (int number = 0; number < count; number++) {
        int rights = number % 2 ? PROT_READ | PROT_WRITE : PROT_READ;
        char *at = mmap(NULL, page, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) fail("mmap");
        if (number % 2) at[0] = 1;
    }
}

static void wait_for(int *count, int until) {
    pthread_mutex_lock(&mutex);
    while (*count != until) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void set_mutating(int value) {
    pthread_mutex_lock(&mutex);
    __atomic_store_n(&mutating, value, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    wait_for(&waiting, value ? 0 : threads);
}

static void say_malloc(void) {
    struct mallinfo2 info = mallinfo2();
    char text[512];
    int length = snprintf(text, sizeof text,
                          "{\"arena\": %zu, \"uordblks\": %zu, \"fordblks\": %zu, \"fsmblks\": %zu, "
                          "\"hblks\": %zu, \"hblkhd\": %zu}\n",
                          info.arena, info.uordblks, info.fordblks, info.fsmblks, info.hblks, info.hblkhd);
    if (write(1, text, (size_t)length) < 0) fail("write");
}

static void say_said(void) {
    char text[256];
    note_malloc();
    pthread_mutex_lock(&mutex);
    int length = snprintf(text, sizeof text, "{\"arena\": [%zu, %zu], \"uordblks\": [%zu, %zu], \"readings\": %d}\n",
                          said.arena[0], said.arena[1], said.uordblks[0], said.uordblks[1], said.readings);
    said.readings = 0;
    pthread_mutex_unlock(&mutex);
    note_malloc();
    if (write(1, text, (size_t)length) < 0) fail("write");
}

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0) fail("write");
}

static void answer(char *line, char **argv) {
    char text[256];
    if (!strncmp(line, "malloc", 6)) {
        say_malloc();
        return;
    }
    if (!strncmp(line, "said", 4)) {
        say_said();
        return;
    }
    if (!strncmp(line, "mutate", 6)) set_mutating(1);
    if (!strncmp(line, "calm", 4)) set_mutating(0);
    if (!strncmp(line, "exit", 4)) _exit(3);
    if (!strncmp(line, "fork", 4) && fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not read the parent's commands */
        for (;;) pause();
    }
    if (!strncmp(line, "exec", 4)) {
        char *again[] = {argv[0], NULL};
        execv("/proc/self/exe", again);
        fail("execv");
    }
    snprintf(text, sizeof text, "{\"lost_bytes\": %zu, \"held_bytes\": %zu}\n", lost_bytes, held_bytes);
    say(text);
}

int main(int argc, char **argv) {
    int arenas = 0, mappings = 0, mib = 0, lost = 0, corrupt = 0;
    for (int at = 1; at < argc; at++) {
        int value = at + 1 < argc ? atoi(argv[at + 1]) : 0;
        if (!strcmp(argv[at], "-threads")) threads = value;
        if (!strcmp(argv[at], "-arenas")) arenas = value;
        if (!strcmp(argv[at], "-mappings")) mappings = value;
        if (!strcmp(argv[at], "-mib")) mib = value;
        if (!strcmp(argv[at], "-lost")) lost = value;
        if (!strcmp(argv[at], "-corrupt")) corrupt = 1;
    }
    mallopt(M_ARENA_MAX, 1 << 16);
    for (size_t number = 0; held_bytes < (size_t)mib << 20; number++) hold(24 + number * 37 % 2000);
    if (corrupt && held) {
        struct block *middle = held;
        for (size_t passed = 0; passed < held_bytes / 2; middle = middle->next) passed += middle->size;
        ((size_t *)middle)[-1] = 0xdeadbeefdeadbee1;
    }
    lose(lost);
    scrub();
    map(mappings);
    start(mutator, threads);
    wait_for(&waiting, threads);
    start(holder, arenas);
    wait_for(&ended, arenas);
    char line[256];
    int length = snprintf(line, sizeof line, "READY pid=%d\n", getpid());
    if (write(1, line, (size_t)length) < 0) fail("write");
    for (;;) {
        ssize_t count = read(0, line, sizeof line - 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) _exit(0);
        line[count] = 0;
        answer(line, argv);
    }
}
