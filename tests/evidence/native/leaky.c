/* Loses blocks, keeps others, frees the rest: every row of a leak checker's summary has something to say. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; char text[120]; };
static char *kept[64];
static char *inside;

static void *allocate(size_t size) { char *p = malloc(size); memset(p, 1, size); return p; }

static void lose_lists(int count) {
    for (int i = 0; i < count; i++) {
        struct node *head = allocate(sizeof *head);
        head->next = allocate(sizeof *head);
        head->next->next = NULL;
    }
}

static void keep_buffers(void) { for (int i = 0; i < 64; i++) kept[i] = allocate(20000); }

int main(int argc, char **argv) {
    lose_lists(40);
    keep_buffers();
    inside = (char *)allocate(5000) + 16;
    char *big = allocate(3 << 20);
    for (int i = 0; i < 1000; i++) free(allocate(i + 1));
    if (argc > 1 && !strcmp(argv[1], "stats")) malloc_stats();
    if (argc > 1 && !strcmp(argv[1], "info")) malloc_info(0, stdout);
    if (argc > 1 && !strcmp(argv[1], "mallinfo")) {
        struct mallinfo2 m = mallinfo2();
        printf("mallinfo: arena=%zu ordblks=%zu smblks=%zu hblks=%zu hblkhd=%zu usmblks=%zu fsmblks=%zu uordblks=%zu fordblks=%zu keepcost=%zu\n",
               m.arena, m.ordblks, m.smblks, m.hblks, m.hblkhd, m.usmblks, m.fsmblks, m.uordblks, m.fordblks, m.keepcost);
    }
    free(big);
    return kept[0] && inside ? 0 : 1;
}
