// C without frame pointers: a callback into Go, and a thread of C's own that calls Go.
#include "plain.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define VISITS 300

extern void goVisit(size_t);

void *keep_bytes(size_t n)
{
    char *kept = malloc(n + 1);

    memset(kept, 1, n);
    return kept + 1;
}

void visit(size_t n)
{
    volatile char room[100];

    room[n % 100] = 1;
    goVisit(n);
    room[0] = room[n % 100];
}

static void *thread_main(void *n)
{
    for (int i = 0; i < VISITS; i++)
        visit((size_t)n);
    return NULL;
}

void visit_from_thread(size_t n)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, thread_main, (void *)n) == 0)
        pthread_join(thread, NULL);
}
