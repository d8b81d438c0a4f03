/* Everything is held at every moment, and what holds it never rests. One argument: how.
   list: grows at its head, freed when it is long. vector: its array moves at every step. front: the last node becomes the first.
   nested: a new box around the old one at every step, the old one freed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
    struct node *next;
    char payload[1000];
};
enum { MOST = 150000, KEPT = 20000 };
static struct node *first;
static struct node **vector;

static struct node *push(struct node *next)
{
    struct node *node = malloc(sizeof *node);
    memset(node->payload, 1, sizeof node->payload);
    node->next = next;
    return node;
}

static void list(void)
{
    for (int i = 0; i < MOST; i++) {
        first = push(first);
        if (i % 64 == 0)
            usleep(200);
    }
    while (first) {
        struct node *next = first->next;
        free(first);
        first = next;
    }
}

static void move_vector(void)
{
    struct node **newer = malloc(KEPT * sizeof *newer), **older = vector;
    memcpy(newer, older, KEPT * sizeof *newer);
    vector = newer;
    free(older);
    usleep(300);
}

static void move_front(void)
{
    struct node *before_last = first;
    while (before_last->next->next)
        before_last = before_last->next;
    before_last->next->next = first;
    first = before_last->next;
    before_last->next = NULL;
}

static void box(void)
{
    struct node *older = first, *newer = push(older->next);
    first = newer;
    free(older);
    usleep(100);
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "list";

    if (!strcmp(how, "vector")) {
        vector = malloc(KEPT * sizeof *vector);
        for (int i = 0; i < KEPT; i++)
            vector[i] = push(NULL);
    } else if (strcmp(how, "list")) {
        for (int i = 0; i < KEPT; i++)
            first = push(first);
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (!strcmp(how, "vector"))
            move_vector();
        else if (!strcmp(how, "front"))
            move_front();
        else if (!strcmp(how, "nested"))
            box();
        else
            list();
    }
}
