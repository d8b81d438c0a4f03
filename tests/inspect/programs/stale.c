/* Graphs are lost; short strings, all held, lie in the recycled chunks of earlier ones, whose links nobody wiped. With an
 * argument: each of 2,000 lost graphs has a string with the address of the next graph's middle left in its slack, and the
 * middle of the first string is held. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 8
#define ROUNDS 400
#define NODES 60
#define ALONE __attribute__((noinline, noclone))

struct node { /* as a parser makes them: linked to all sides */
    struct node *parent, *children, *last, *next, *prev, *document;
    char *name, *content;
    void *more[6];
};

struct document {
    struct node *root;
    void *more[20];
};

static char *volatile kept[WORKERS][ROUNDS];
static char *volatile inside[WORKERS][ROUNDS];
static struct document *volatile sink[WORKERS];

ALONE static char *text(unsigned *seed, int least)
{
    size_t length = (size_t)(least + rand_r(seed) % (rand_r(seed) % 4 ? 6 : 30));
    char *made = malloc(length + 1);
    if (made == NULL)
        abort();
    memset(made, 'a' + rand_r(seed) % 26, length);
    made[length] = 0;
    return made;
}

ALONE static struct node *node(struct node *parent, unsigned *seed)
{
    struct node *one = calloc(1, sizeof *one - (size_t)(rand_r(seed) % 2) * 16);
    if (one == NULL)
        abort();
    one->parent = parent;
    if (parent != NULL) {
        one->prev = parent->last;
        if (parent->last != NULL)
            parent->last->next = one;
        else
            parent->children = one;
        parent->last = one;
    }
    one->name = text(seed, 2);
    one->content = text(seed, 1);
    return one;
}

ALONE static struct document *parse(unsigned *seed)
{
    struct document *made = calloc(1, sizeof *made);
    struct node *at;
    if (made == NULL)
        abort();
    at = made->root = node(NULL, seed);
    for (int i = 1; i < NODES; i++) {
        struct node *one = node(at, seed);
        at = rand_r(seed) % 3 == 0 ? one : rand_r(seed) % 3 == 0 && at->parent ? at->parent : at;
    }
    return made;
}

ALONE static void drop(struct node *one)
{
    while (one != NULL) {
        struct node *next = one->next;
        drop(one->children);
        free(one->name);
        free(one->content);
        free(one);
        one = next;
    }
}

static void *work(void *which)
{
    size_t number = (size_t)which;
    unsigned seed = (unsigned)number + 1;

    for (int i = 0; i < ROUNDS; i++) {
        struct document *one = parse(&seed);
        if (i % 2 == 0) {
            drop(one->root);
            free(one);
            for (int j = i; j < i + 2; j++) {
                kept[number][j] = text(&seed, 1);
                inside[number][j] = text(&seed, 2) + 1;
            }
        } else {
            sink[number] = one; /* forgotten the next time */
        }
    }
    sink[number] = NULL;
    return NULL;
}

ALONE static void leave_in_slack(void)
{
    unsigned seed = 1;
    char *left = NULL;

    for (int i = 0; i < 2000; i++) {
        struct node *top = node(NULL, &seed), *below = node(top, &seed);
        char **slack = malloc(24);
        if (slack == NULL)
            abort();
        slack[0] = slack[2] = NULL;
        slack[1] = left;
        strcpy((char *)slack, "td");
        top->more[0] = slack;
        left = (char *)below + 80;
        inside[0][0] = (char *)slack + 1;
    }
}

ALONE static void wipe(void)
{
    volatile char old_frames[65536];
    for (size_t i = 0; i < sizeof old_frames; i++)
        old_frames[i] = 0;
}

int main(int count, char **arguments)
{
    pthread_t threads[WORKERS];
    char byte;

    (void)arguments;
    if (count > 1)
        leave_in_slack();
    for (size_t i = 0; count == 1 && i < WORKERS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (size_t i = 0; count == 1 && i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    wipe();
    dprintf(1, "ready\n");
    return (int)read(0, &byte, 1);
}
