//go:build !ownparser

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "counted.h"
#include "documents.h"

const char *const documents_by = "libxml2";

void documents_begin(void) {
    xmlMemSetup(counted_free, counted_malloc, counted_realloc, counted_strdup);
    xmlInitParser();
}

void *document_new(int number) {
    char page[8192];
    int length = snprintf(page, sizeof page, "<?xml version=\"1.0\"?><orders shop=\"%d\">", number % 64);
    for (int item = 0; item < 40; item++)
        length += snprintf(page + length, sizeof page - length,
                           "<order id=\"SKU-%08d\"><customer>Customer number %d of the shop</customer></order>", item,
                           number % 977 + item);
    length += snprintf(page + length, sizeof page - length, "</orders>");
    void *document = xmlReadMemory(page, length, "orders.xml", NULL, 0);
    memset(page, 0, sizeof page);
    return document;
}

void document_free(void *document) { xmlFreeDoc(document); }
