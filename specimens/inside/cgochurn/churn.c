#include "churn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct link {
    struct link *next;
};

static struct ring {
    void *blocks[RING];
    uint64_t random;
} rings[RINGS];

/* Each kind belongs to one goroutine, so nothing is locked. */
static struct link *lists[KINDS];
static long long bytes[KINDS];

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    return *random ^= *random << 17;
}

__attribute__((noinline)) static void *fresh_block(uint64_t drawn) {
    size_t size = 16 + (drawn >> 8) % ((size_t)16 << drawn % 10);
    char *block = malloc(size);
    if (block != NULL)
        block[0] = 1;
    return block;
}

void churn(int number, long count, long spin) {
    struct ring *ring = &rings[number];
    if (ring->random == 0)
        ring->random = 0x9E3779B97F4A7C15u * (uint64_t)(number + 1);
    for (long each = 0; each < count; each++) {
        uint64_t drawn = draw(&ring->random);
        void **slot = &ring->blocks[drawn >> 32 & (RING - 1)];
        free(*slot);
        *slot = fresh_block(drawn);
        for (volatile long turn = 0; turn < spin; turn++)
            ;
    }
}

static void keep(enum kind kind, void *block, long long size) {
    struct link *link = block;
    link->next = lists[kind];
    lists[kind] = link;
    bytes[kind] += size;
}

__attribute__((noinline)) static struct link *parse_node(struct link *before) {
    struct link *node = malloc(NODE_BYTES);
    if (node == NULL)
        abort();
    memset(node, 'n', NODE_BYTES);
    node->next = before;
    return node;
}

void parse_document(enum kind kind, long number) {
    struct link *document = NULL;
    for (int each = 0; each < 4; each++)
        document = parse_node(document);
    while (document != NULL) {
        struct link *next = document->next;
        if (number % 4 == 0)
            keep(kind, document, NODE_BYTES);
        else
            free(document);
        document = next;
    }
}

void receive_upload(void) {
    void *block = calloc(1, UPLOAD_BYTES);
    if (block == NULL)
        abort();
    keep(UPLOADS, block, UPLOAD_BYTES);
}

void decode_image(void) {
    char *block = malloc(IMAGE_BYTES);
    if (block == NULL)
        abort();
    memset(block, 'i', IMAGE_BYTES);
    keep(IMAGES, block, IMAGE_BYTES);
}

void fill_buffer(void) {
    void *block = NULL;
    for (size_t size = 256; size <= BUFFER_BYTES; size *= 2) {
        block = realloc(block, size);
        if (block == NULL)
            abort();
        memset((char *)block + size / 2, 'b', size / 2);
    }
    keep(BUFFERS, block, BUFFER_BYTES);
}

long long outstanding(enum kind kind) { return bytes[kind]; }

void forget(enum kind kind) {
    while (lists[kind] != NULL) {
        struct link *next = lists[kind]->next;
        free(lists[kind]);
        lists[kind] = next;
    }
    bytes[kind] = 0;
}
