/* A program that says where its things are, then waits: data, bss, heap, code, threads. Dies with its parent.
 * With "abort" it dumps core, with "exec" it becomes itself again, with "neighbour" it maps memory right behind its bss. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

char in_data[64] = "initialised data";
char in_bss[3 * 4096 + 100];
const char in_constants[] = "constants are read-only";
extern char _end[];

static pthread_barrier_t all_wait;

static void *sleeper(void *name)
{
    char here;

    prctl(PR_SET_NAME, name);
    printf("thread %ld %p %s\n", (long)syscall(SYS_gettid), (void *)&here, (char *)name);
    fflush(stdout);
    pthread_barrier_wait(&all_wait);
    pause();
    return NULL;
}

static void *spinner(void *name)
{
    volatile unsigned long turns = 0;

    prctl(PR_SET_NAME, name);
    printf("thread %ld %p %s\n", (long)syscall(SYS_gettid), (void *)&turns, (char *)name);
    fflush(stdout);
    pthread_barrier_wait(&all_wait);
    for (;;)
        turns++;
    return NULL;
}

static void start(void *(*body)(void *), const char *name)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    if (pthread_create(&thread, &attributes, body, (void *)name) != 0)
        abort();
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    char *heap = malloc(100000);
    char line[64];
    char *untouched = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    strcpy(heap, "on the heap");
    strcpy(in_bss + 2 * 4096, "in the bss");
    untouched[5 * 4096] = 'x';
    pthread_barrier_init(&all_wait, NULL, 3 + !strcmp(mode, "spin"));
    start(sleeper, "first");
    start(sleeper, "second");
    if (!strcmp(mode, "spin"))
        start(spinner, "spinner");
    pthread_barrier_wait(&all_wait);
    if (!strcmp(mode, "neighbour"))
        mmap((void *)(((uintptr_t)_end + 4095) & -4096ul), 8192, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    printf("data %p\nbss %p\nend %p\nconstants %p\ncode %p\nentry %p\n", (void *)in_data, (void *)in_bss, (void *)_end,
           (void *)in_constants, (void *)(uintptr_t)main, (void *)getauxval(AT_ENTRY));
    printf("heap %p\nuntouched %p\nready 0\n", (void *)heap, (void *)untouched);
    fflush(stdout);
    if (!strcmp(mode, "abort"))
        abort();
    if (fgets(line, sizeof line, stdin) != NULL && !strcmp(line, "exec\n"))
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    pause();
    return 0;
}
