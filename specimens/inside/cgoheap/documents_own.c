//go:build ownparser

#include <stdio.h>

#include "counted.h"
#include "documents.h"

const char *const documents_by = "own";

struct order {
    struct order *next, *previous, *parent, *children;
    char *text;
    const char *kind;
    long padding[6];
};

static const char kind[] = "order";

static struct order *order_new(struct order *parent, struct order *next, const char *text) {
    struct order *order = counted_malloc(sizeof *order);
    *order = (struct order){.next = next, .parent = parent, .text = counted_strdup(text), .kind = kind};
    if (next) next->previous = order;
    return order;
}

void documents_begin(void) {}

void *document_new(int number) {
    struct order *root = order_new(NULL, NULL, "orders");
    char text[64];
    for (int item = 0; item < 120; item++) {
        snprintf(text, sizeof text, "Customer number %d of the shop", number % 977 + item);
        root->children = order_new(root, root->children, text);
    }
    return root;
}

void document_free(void *document) {
    struct order *root = document;
    for (struct order *child = root->children, *next; child; child = next) {
        next = child->next;
        counted_free(child->text);
        counted_free(child);
    }
    counted_free(root->text);
    counted_free(root);
}
