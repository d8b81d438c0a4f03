/* Blocks in a list that only grows: all of them are held. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
    struct node *next;
    char payload[2000];
};
static struct node *first;

int main(void) {
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (int i = 0; i < 128; i++) {
            struct node *node = malloc(sizeof *node);
            memset(node, 1, sizeof *node);
            node->next = first;
            first = node;
        }
        usleep(50000);
    }
}
