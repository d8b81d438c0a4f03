/* Blocks that are lost, held or perhaps held by construction. Prints one line when all is in place, then waits for stdin. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALONE __attribute__((noinline, noclone))

struct node {
    struct node *next, *other, *more;
};

static struct node *volatile global_list;
static void *volatile *volatile in_mapped_block;
static void *volatile *volatile in_anonymous, *volatile *volatile in_shared;
static char *volatile inside[500];
static __thread struct node *volatile local_list;
static pthread_barrier_t placed;
static struct node *volatile sink;

static struct node *node(size_t size)
{
    struct node *made = calloc(1, size);
    if (made == NULL)
        abort();
    return made;
}

ALONE static struct node *list(int length, size_t size)
{
    struct node *head = NULL;
    while (length--) {
        struct node *one = node(size);
        one->next = head;
        head = one;
    }
    return head;
}

ALONE static struct node *tree(int depth)
{
    struct node *one = node(72);
    if (depth) {
        one->next = tree(depth - 1);
        one->other = tree(depth - 1);
    }
    return one;
}

ALONE static void lose_cycle(void)
{
    struct node *one = node(104), *two = node(104), *three = node(104);
    one->next = two, two->next = three, three->next = one;
    sink = one;
}

ALONE static void **array(size_t count, size_t size, void **places)
{
    for (size_t i = 0; i < count; i++)
        places[i] = node(size);
    return places;
}

ALONE static void lose_behind_freed(int count)
{
    for (int i = 0; i < count; i++) {
        struct node *holder = node(200);
        holder->more = node(136);
        free(holder);
        if (i % 50 == 0)
            sink = node(920); /* lost, and keeps the freed ones from growing together */
    }
}

ALONE static void lose_all(void)
{
    for (int i = 0; i < 2000; i++)
        sink = list(10, 40);
    for (int i = 0; i < 1000; i++)
        sink = tree(2);
    for (int i = 0; i < 1000; i++)
        lose_cycle();
    for (int i = 0; i < 200; i++)
        sink = (void *)array(50, 24, (void **)node(400));
    for (int i = 0; i < 3; i++)
        sink = (void *)array(1000, 56, malloc(1 << 20));
    lose_behind_freed(500);
    sink = NULL;
}

ALONE static void hold_all(void)
{
    void **block = malloc(1 << 21);
    global_list = list(1000, 152);
    in_mapped_block = (void *volatile *)array(1000, 168, block);
    in_anonymous = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    in_shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    array(1000, 184, (void **)in_anonymous);
    array(1000, 216, (void **)in_shared);
    for (int i = 0; i < 500; i++)
        inside[i] = (char *)node(232) + 8;
}

static void *blocked(void *unused)
{
    struct node *volatile on_stack = list(1000, 248);
    local_list = list(1000, 264);
    pthread_barrier_wait(&placed);
    pause();
    return (void *)(on_stack != local_list ? unused : NULL);
}

ALONE static void wipe(void)
{
    volatile char old_frames[65536];
    for (size_t i = 0; i < sizeof old_frames; i++)
        old_frames[i] = 0;
}

int main(void)
{
    pthread_t thread;
    char byte;

    pthread_barrier_init(&placed, NULL, 2);
    hold_all();
    lose_all();
    pthread_create(&thread, NULL, blocked, NULL);
    pthread_barrier_wait(&placed);
    wipe();
    dprintf(1, "ready\n");
    return (int)read(0, &byte, 1);
}
