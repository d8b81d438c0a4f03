/* Programs that lose nothing: what they hold is held from a place where one does not look for pointers at first. The first
 * argument says where, the second is a file for what needs one. Says ready, then waits for stdin to end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ALONE __attribute__((noinline, noclone))
#define MANY 20000
#define TABLE (MANY * sizeof(uintptr_t))
#define POOL (8 << 20)
#define CONNECTIONS 300

static uint64_t *volatile boxes;

static ALONE void *block(size_t size)
{
    return memset(malloc(size), 1, size);
}

static ALONE void fill(uintptr_t *table, uintptr_t tag)
{
    for (int i = 0; i < MANY; i++)
        table[i] = tag | (uintptr_t)block(300);
}

static ALONE void wait_for_the_end(void)
{
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
}

static _Noreturn void *wait_in_thread(void *barrier)
{
    pthread_barrier_wait(barrier);
    for (;;)
        pause();
}

/* One mapping: a table of pointers at its begin, the stack of a thread at its end. */
static ALONE void below_a_stack(void)
{
    static pthread_barrier_t barrier;
    pthread_attr_t attributes;
    pthread_t thread;
    char *pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    fill((uintptr_t *)(void *)pool, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, pool + POOL - (1 << 20), 1 << 20);
    pthread_create(&thread, &attributes, wait_in_thread, &barrier);
    pthread_barrier_wait(&barrier);
}

static ALONE void in_memory_made_read_only(int flags)
{
    void *table = mmap(NULL, TABLE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    fill(table, 0);
    mprotect(table, TABLE, PROT_READ);
}

static ALONE void in_a_file(const char *path, int evict)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    void *table;

    if (file < 0 || ftruncate(file, TABLE))
        exit(1);
    table = mmap(NULL, TABLE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    fill(table, 0);
    if (evict && (msync(table, TABLE, MS_SYNC) || madvise(table, TABLE, MADV_DONTNEED) ||
                  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)))
        exit(1);
    if (evict)
        close(file);
}

/* Written as a file, then mapped and never touched. */
static ALONE void in_an_untouched_file(const char *path, int flags, int gone)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    void *table = mmap(NULL, TABLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    fill(table, 0);
    if (file < 0 || write(file, table, TABLE) != TABLE || munmap(table, TABLE))
        exit(1);
    if (mmap(NULL, TABLE, PROT_READ | PROT_WRITE, flags, file, 0) == MAP_FAILED || (gone && unlink(path)))
        exit(1);
    close(file);
}

/* Requests that wait for what never comes: their user_data is in the kernel alone, for what was submitted is wiped here. */
static ALONE void in_a_ring(void)
{
    struct io_uring_params set_up = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 512, &set_up);
    size_t size = set_up.sq_off.array + set_up.sq_entries * sizeof(uint32_t);
    struct io_uring_sqe *requests;
    char *queue;

    if (ring < 0)
        exit(1);
    queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    requests = mmap(NULL, 512 * sizeof *requests, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        requests[i] = (struct io_uring_sqe){.opcode = IORING_OP_POLL_ADD, .fd = eventfd(0, EFD_CLOEXEC), .poll32_events = EPOLLIN};
        requests[i].user_data = (uintptr_t)block(4000);
        ((uint32_t *)(void *)(queue + set_up.sq_off.array))[i] = i;
    }
    __atomic_store_n((uint32_t *)(void *)(queue + set_up.sq_off.tail), CONNECTIONS, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, CONNECTIONS, 0, 0, NULL, 0) != CONNECTIONS)
        exit(1);
    memset(requests, 0, 512 * sizeof *requests);
}

static ALONE void in_aio(void)
{
    aio_context_t context = 0;

    if (syscall(SYS_io_setup, CONNECTIONS, &context))
        exit(1);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct iocb request = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_buf = EPOLLIN}, *requests[] = {&request};
        request.aio_fildes = (uint32_t)eventfd(0, EFD_CLOEXEC);
        request.aio_data = (uintptr_t)block(4000);
        if (syscall(SYS_io_submit, context, 1, requests) != 1)
            exit(1);
        memset(&request, 0, sizeof request);
        __asm__ volatile("" ::"r"(&request) : "memory");
    }
}

struct connection {
    int descriptor;
    char *buffer;
};

static ALONE void in_an_epoll(void)
{
    int poll = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = block(sizeof *connection);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        connection->descriptor = eventfd(0, EFD_CLOEXEC);
        connection->buffer = block(32768);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event))
            exit(1);
    }
}

static ALONE void in_timers(void)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_ptr = block(4000)};
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, &event, &timer))
            exit(1);
    }
}

static ALONE void in_boxes(void)
{
    boxes = block(TABLE);
    fill((uintptr_t *)boxes, 0xfff8000000000000u);
}

static ALONE int on_a_large_stack(void)
{
    char *table[12000];

    for (int i = 0; i < 12000; i++)
        table[i] = block(2000);
    __asm__ volatile("" ::"r"(table) : "memory");
    wait_for_the_end();
    __asm__ volatile("" ::"r"(table) : "memory");
    return 0;
}

/* These are lost, in truth: of each, one page was touched. */
static ALONE void nowhere_and_untouched(void)
{
    for (int i = 0; i < 100; i++)
        *(volatile char *)malloc(1 << 20) = 1;
    for (int i = 0; i < 100; i++)
        *(volatile char *)malloc(100000) = 1;
}

static ALONE void nowhere(void)
{
    for (int i = 0; i < 100000; i++)
        block(1000);
}

/* Lost in truth, each mapped by malloc alone, and only the first half of each was touched. */
static ALONE void nowhere_and_half_touched(void)
{
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    for (int i = 0; i < 50; i++)
        memset(malloc(4 << 20), 1, 2 << 20);
}

int main(int count, char **arguments)
{
    const char *where = count > 1 ? arguments[1] : "", *path = count > 2 ? arguments[2] : "";

    if (!strcmp(where, "large stack"))
        return on_a_large_stack();
    if (!strcmp(where, "below a stack"))
        below_a_stack();
    else if (!strcmp(where, "read-only memory"))
        in_memory_made_read_only(MAP_PRIVATE);
    else if (!strcmp(where, "read-only shared memory"))
        in_memory_made_read_only(MAP_SHARED);
    else if (!strcmp(where, "shared file"))
        in_a_file(path, 0);
    else if (!strcmp(where, "evicted file"))
        in_a_file(path, 1);
    else if (!strcmp(where, "untouched shared file"))
        in_an_untouched_file(path, MAP_SHARED, 0);
    else if (!strcmp(where, "untouched private file"))
        in_an_untouched_file(path, MAP_PRIVATE, 0);
    else if (!strcmp(where, "deleted file"))
        in_an_untouched_file(path, MAP_SHARED, 1);
    else if (!strcmp(where, "epoll"))
        in_an_epoll();
    else if (!strcmp(where, "timers"))
        in_timers();
    else if (!strcmp(where, "boxes"))
        in_boxes();
    else if (!strcmp(where, "nowhere"))
        nowhere_and_untouched();
    else if (!strcmp(where, "nowhere, touched"))
        nowhere();
    else if (!strcmp(where, "nowhere, half touched"))
        nowhere_and_half_touched();
    else if (!strcmp(where, "aio"))
        in_aio();
    else if (!strcmp(where, "ring"))
        in_a_ring();
    wait_for_the_end();
    return 0;
}
