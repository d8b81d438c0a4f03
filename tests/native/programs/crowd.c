/* crowd NAME COUNT: threads, children and signals, all allocating; everything is given back again but what a name says. Writes "ready" when done
 * and waits for its standard input to end. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define RW (PROT_READ | PROT_WRITE)

extern char **environ;
static void *volatile sink;
static volatile sig_atomic_t signals;

static void check(int holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    _exit(1);
}

/* Blocks of every kind, each checked for the bytes that were put there. */
static void allocate(unsigned int seed, int rounds)
{
    unsigned char *blocks[16] = {NULL};
    size_t sizes[16] = {0};

    for (int i = 0; i < rounds; i++) {
        int at = (int)(seed >> 8 & 15);
        size_t bytes = 100 + (seed >> 12) % 5000;

        for (size_t k = 0; k < sizes[at]; k += 97)
            check(blocks[at][k] == (unsigned char)(at + 1), "a block has changed");
        if (seed >> 28 == 1) {
            blocks[at] = realloc(blocks[at], bytes);
        } else {
            free(blocks[at]);
            blocks[at] = seed >> 28 == 2 ? calloc(1, bytes) : malloc(bytes);
        }
        memset(blocks[at], at + 1, bytes);
        sizes[at] = bytes;
        if (seed >> 27 == 7) {
            char *page = mmap(NULL, 8192, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            check(page != MAP_FAILED && munmap(page, 8192) == 0, "mmap");
        }
        seed = seed * 1664525u + 1013904223u;
    }
    for (int at = 0; at < 16; at++)
        free(blocks[at]);
}

static void *work(void *argument)
{
    allocate((unsigned int)(uintptr_t)argument, 300);
    return NULL;
}

/* COUNT threads at once, and five times over: stacks and control blocks come and go. */
static void do_threads(int count)
{
    pthread_t *threads = malloc((size_t)count * sizeof *threads);

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < count; i++)
            check((errno = pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i * 7919 + round))) == 0, "pthread_create");
        for (int i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
    }
    free(threads);
}

/* COUNT threads one after another, each with a stack of its own that is unmapped behind it: ever new thread pointers. */
static void do_storm(int count)
{
    for (int i = 0; i < count; i++) {
        size_t bytes = 65536 + (size_t)(i % 37) * 4096;
        char *stack = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pthread_attr_t attributes;
        pthread_t thread;

        check(stack != MAP_FAILED, "mmap");
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stack, bytes);
        check((errno = pthread_create(&thread, &attributes, work, (void *)(uintptr_t)i)) == 0, "pthread_create");
        pthread_join(thread, NULL);
        munmap(stack, bytes);
    }
}

/* The same with all stacks kept until the end: more thread pointers than the sampler has records. */
static void do_distinct(int count)
{
    size_t bytes = 65536;
    char *stacks = mmap(NULL, bytes * (size_t)count, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    check(stacks != MAP_FAILED, "mmap");
    for (int i = 0; i < count; i++) {
        pthread_attr_t attributes;
        pthread_t thread;

        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stacks + bytes * (size_t)i, bytes);
        check((errno = pthread_create(&thread, &attributes, work, (void *)(uintptr_t)i)) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
    munmap(stacks, bytes * (size_t)count);
}

static void reap(pid_t child)
{
    int status;

    check(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
    check(status == 0, "a child failed");
}

/* COUNT children by fork and by the bare system call, which no handler of fork sees; each leaks, and frees what its parent had. */
static void do_fork(int count)
{
    char *kept = malloc(12345), *large = malloc(300000);

    memset(kept, 5, 12345);
    sink = large;
    for (int i = 0; i < count; i++) {
        pid_t child = i & 1 ? (pid_t)syscall(SYS_fork) : fork();
        if (child == 0) {
            allocate((unsigned int)i, 2000);
            for (int k = 0; k < 200; k++)
                sink = malloc(777);
            sink = mmap(NULL, 40960, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            check(kept[12344] == 5, "a parent's block has changed");
            kept = realloc(kept, 50000);
            check(kept[12344] == 5, "a parent's block has changed");
            free(kept);
            free(large);
            _exit(0);
        }
        reap(child);
    }
}

static void do_spawn(int count)
{
    char *command[] = {"/bin/true", NULL};

    for (int i = 0; i < count; i++) {
        pid_t child = -1;
        if (i & 1) {
            check((errno = posix_spawn(&child, command[0], NULL, NULL, command, environ)) == 0, "posix_spawn");
        } else {
            child = vfork();
            if (child == 0) {
                execv(command[0], command);
                _exit(127);
            }
        }
        reap(child);
    }
}

/* Takes a while with the registers' values of whatever was interrupted lying on the stack. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    volatile char space[2000];

    (void)number, (void)info, (void)context;
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = (char)i;
    signals++;
}

static void do_signals(int count)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO};
    struct itimerval every = {{0, 200}, {0, 200}};

    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &every, NULL);
    while (signals < count)
        allocate((unsigned int)signals, 1000);
    memset(&every, 0, sizeof every);
    setitimer(ITIMER_PROF, &every, NULL);
}

/* Handlers that leave in the middle of what they interrupted and never come back to it; mmap is the one function of ours that they may call. */
static void on_signal_map(int number)
{
    char *page = mmap(NULL, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)number;
    munmap(page, 4096);
    signals++;
}

static void do_signals_map(int count)
{
    struct itimerval every = {{0, 200}, {0, 200}};

    signal(SIGPROF, on_signal_map);
    setitimer(ITIMER_PROF, &every, NULL);
    while (signals < count) {
        char *page = mmap(NULL, 8192, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(page, 8192);
        allocate((unsigned int)signals, 50);
    }
    memset(&every, 0, sizeof every);
    setitimer(ITIMER_PROF, &every, NULL);
}

/* The threads of a process that ends do not end first. */
static void *forever(void *argument)
{
    for (;;)
        allocate((unsigned int)(uintptr_t)argument, 1000);
    return NULL;
}

static void do_end(int count)
{
    pthread_t thread;

    for (int i = 0; i < count; i++)
        pthread_create(&thread, NULL, forever, (void *)(uintptr_t)i);
    allocate(1, 20000);
    exit(0);
}

#define DO(name) {#name, do_##name}
static const struct {
    const char *name;
    void (*work)(int);
} works[] = {DO(threads), DO(storm), DO(distinct), DO(fork), DO(spawn), DO(signals), DO(signals_map), DO(end)};

int main(int count, char **arguments)
{
    char byte;

    for (size_t i = 0; count == 3 && i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, arguments[1]) == 0) {
            works[i].work(atoi(arguments[2]));
            (void)!write(1, "ready\n", 6);
            while (read(0, &byte, 1) > 0)
                ;
            return 0;
        }
    return 2;
}
