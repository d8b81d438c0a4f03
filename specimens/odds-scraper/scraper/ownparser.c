//go:build ownparser

#include "ownparser.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 256 }; /* deeper elements become siblings: freeing and walking recurse */

static char *copy(const char *text, size_t size)
{
	char *copied = malloc(size + 1);
	if (copied != NULL) {
		memcpy(copied, text, size);
		copied[size] = '\0';
	}
	return copied;
}

static struct own_node *append(struct own_document *document, struct own_node *parent, const char *name, size_t size)
{
	struct own_node *node = calloc(1, sizeof *node);
	if (node == NULL || (node->name = copy(name, size)) == NULL) {
		free(node);
		return NULL;
	}
	for (char *c = node->name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	node->parent = parent;
	struct own_node *root = document->children;
	if (parent == NULL && root == NULL)
		document->children = node;
	struct own_node *last = parent != NULL ? parent->last : root;
	if (last != NULL && last != node) {
		while (last->next != NULL)
			last = last->next;
		last->next = node;
	} else if (parent != NULL) {
		parent->children = node;
	}
	if (parent != NULL)
		parent->last = node;
	return node;
}

static int is_void(const char *name)
{
	static const char *const names[] = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return 1;
	return 0;
}

/* The element that is open after </name>. An end without a beginning closes nothing. */
static struct own_node *close_element(struct own_node *open, const char *name, size_t size)
{
	for (struct own_node *node = open; node != NULL; node = node->parent)
		if (strlen(node->name) == size && strncasecmp(node->name, name, size) == 0)
			return node->parent;
	return open;
}

static int depth(const struct own_node *node)
{
	int deep = 0;
	for (; node != NULL; node = node->parent)
		deep++;
	return deep;
}

struct own_document *own_read_memory(const char *page, size_t size)
{
	struct own_document *document = calloc(1, sizeof *document);
	struct own_node *open = NULL;
	const char *end = page + size;
	if (document == NULL)
		return NULL;
	while (page < end) {
		const char *tag = memchr(page, '<', (size_t)(end - page));
		const char *text_end = tag != NULL ? tag : end;
		if (text_end > page && open != NULL) {
			struct own_node *text = append(document, open, "text", 4);
			if (text == NULL || (text->content = copy(page, (size_t)(text_end - page))) == NULL)
				break;
		}
		const char *tag_end = tag != NULL ? memchr(tag, '>', (size_t)(end - tag)) : NULL;
		if (tag_end == NULL)
			return document;
		const char *name = tag + 1 + (tag[1] == '/');
		const char *name_end = name;
		while (name_end < tag_end && isalnum((unsigned char)*name_end))
			name_end++;
		page = tag_end + 1;
		if (name_end == name)
			continue; /* <!doctype>, <!-- comment, <?instruction */
		if (tag[1] == '/') {
			open = close_element(open, name, (size_t)(name_end - name));
			continue;
		}
		struct own_node *element = append(document, open, name, (size_t)(name_end - name));
		if (element == NULL)
			break;
		if (!is_void(element->name) && tag_end[-1] != '/' && depth(element) < DEPTH_MAX)
			open = element;
	}
	if (page >= end)
		return document;
	own_free_document(document);
	return NULL;
}

static void free_nodes(struct own_node *node)
{
	while (node != NULL) {
		struct own_node *next = node->next;
		free_nodes(node->children);
		free(node->name);
		free(node->content);
		free(node);
		node = next;
	}
}

void own_free_document(struct own_document *document)
{
	free_nodes(document->children);
	free(document);
}
