/* A small HTML parser for machines without libxml2: elements and text, no attributes, no entities. */
#ifndef OWNPARSER_H
#define OWNPARSER_H

#include <stddef.h>

struct own_node {
	char *name;    /* in lower case, "text" for text */
	char *content; /* of text, else NULL */
	struct own_node *parent, *children, *last, *next;
};

struct own_document {
	struct own_node *children;
};

/* The page as a tree of malloc'ed nodes, or NULL when there is no memory. */
struct own_document *own_read_memory(const char *page, size_t size);
void own_free_document(struct own_document *document);

#endif
