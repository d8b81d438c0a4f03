/* Blocks that are held through pointers of every kind but the plain one: from the program's data, and from blocks that are
 * themselves held that way only. Each has a child that points back to it. Prints how many bytes, then waits for stdin. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 200
#define ALONE __attribute__((noinline, noclone))

struct ring {
    struct ring *next, *prev;
};
struct child {
    void *parent;
    char rest[40];
};
struct item { /* linked both ways at 88, as in a kernel */
    struct child *child;
    char rest[80];
    struct ring ring;
    char more[40];
};
struct head { /* of another size than what it begins */
    char rest[200];
    struct ring ring;
};
struct chain { /* linked one way, at the end of a small block */
    uint64_t key, value;
    struct chain *next;
};
struct leaf { /* a tree without parents, its node at 72 */
    struct child *child;
    char rest[64];
    void *left, *right;
    char more[24];
};
struct prefixed {
    char prefix[64];
    uint64_t user[8];
};
struct region { /* each points to where the one before ends */
    char rest[16];
    char *before_end;
    char data[160];
};

static char *volatile held[8];
static size_t bytes;

ALONE static void *block(size_t size)
{
    void *made = calloc(1, size);
    if (made == NULL)
        abort();
    bytes += malloc_usable_size(made) + 8;
    return made;
}

ALONE static struct child *child_of(void *parent)
{
    struct child *made = block(sizeof *made);
    made->parent = parent;
    return made;
}

ALONE static char *rings(void)
{
    struct head *head = block(sizeof *head);
    head->ring.next = head->ring.prev = &head->ring;
    for (int i = 0; i < MANY; i++) {
        struct item *one = block(sizeof *one + (size_t)(i % 3) * 64);
        one->child = child_of(one);
        one->ring.next = head->ring.next;
        one->ring.prev = &head->ring;
        head->ring.next->prev = &one->ring;
        head->ring.next = &one->ring;
    }
    return (char *)head + 8;
}

ALONE static char *chains(void)
{
    char *last = NULL;
    for (int i = 0; i < MANY; i++) {
        struct chain *one = block(sizeof *one);
        one->next = (struct chain *)last;
        last = (char *)&one->next;
    }
    return last;
}

ALONE static char *leaves(int depth)
{
    struct leaf *one = block(sizeof *one);
    one->child = child_of(one);
    one->left = depth ? leaves(depth - 1) : NULL;
    one->right = depth ? leaves(depth - 1) : NULL;
    return (char *)&one->left;
}

ALONE static char *prefixes(void)
{
    char *last = NULL;
    for (int i = 0; i < MANY; i++) {
        struct prefixed *one = block(sizeof *one + (size_t)(i % 5) * 32);
        one->user[3] = (uint64_t)(uintptr_t)last;
        last = (char *)one->user;
    }
    return last;
}

ALONE static char *tagged(int tags)
{
    uint64_t last = 0;
    for (int i = 0; i < MANY; i++) {
        uint64_t *one = block(72 + (size_t)(i % 5) * 32);
        one[2] = last;
        last = (uint64_t)(uintptr_t)one | (uint64_t)(i % tags + 1);
        if (tags <= 3)
            one[1] = (uint64_t)(uintptr_t)child_of(one);
    }
    return (char *)(uintptr_t)last;
}

ALONE static char *regions(void)
{
    char *last = NULL;
    for (int i = 0; i < MANY; i++) {
        struct region *one = block(sizeof *one + (size_t)(i % 5) * 32);
        one->before_end = last;
        last = (char *)one + malloc_usable_size(one);
    }
    return last;
}

ALONE static char *cursors(void)
{
    char **table = block(MANY * sizeof *table + 24);
    for (int i = 0; i < MANY; i++) {
        char *text = block(40 + (size_t)i);
        strcpy(text, "a text that is read from its middle");
        table[i] = text + 11;
    }
    return (char *)table + 24;
}

ALONE static void wipe(void)
{
    volatile char old_frames[65536];
    for (size_t i = 0; i < sizeof old_frames; i++)
        old_frames[i] = 0;
}

int main(void)
{
    char byte;

    held[0] = rings();
    held[1] = chains();
    held[2] = leaves(7);
    held[3] = prefixes();
    held[4] = tagged(3);
    held[5] = tagged(7);
    held[6] = regions();
    held[7] = cursors();
    wipe();
    dprintf(1, "ready\n");
    return read(0, &byte, 1) == 1 && bytes ? 0 : 1;
}
