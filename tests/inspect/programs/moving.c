/* Four threads build, move and free lists without a pause. Nothing of that is ever lost; with an argument, 1,000 other blocks are. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES 4096

struct node {
    struct node *next;
    char text[40];
};

static struct node *volatile places[4][PLACES];

static void *move(void *argument)
{
    struct node *volatile *mine = places[(long)argument];
    unsigned random = 1 + (unsigned)(long)argument;

    for (;;) {
        random = random * 1103515245u + 12345u;
        unsigned from = random >> 8 & (PLACES - 1), to = random >> 20 & (PLACES - 1);
        if (random & 64) {
            struct node *moved = mine[from];
            mine[from] = mine[to];
            mine[to] = moved;
            continue;
        }
        while (mine[from]) {
            struct node *gone = mine[from];
            mine[from] = gone->next;
            free(gone);
        }
        for (int i = 0; i < 8; i++) {
            struct node *made = malloc(sizeof *made);
            if (made == NULL)
                abort();
            made->next = mine[from];
            mine[from] = made;
        }
    }
    return NULL;
}

static __attribute__((noinline)) void lose(void)
{
    for (int i = 0; i < 1000; i++)
        memset(malloc(1000), 1, 1000);
}

int main(int count, char **arguments)
{
    pthread_t thread;
    char byte;

    if (count > 1 && arguments[1][0])
        lose();
    for (long i = 0; i < 4; i++)
        pthread_create(&thread, NULL, move, (void *)i);
    dprintf(1, "ready\n");
    return (int)read(0, &byte, 1);
}
