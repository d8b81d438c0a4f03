#define _DEFAULT_SOURCE
#include "huge.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LEAST_BYTES ((size_t)8 << 20) /* below it, what the last huge page wastes would count */
#define PAGE ((uintptr_t)4096)

static void *asked(void *memory, size_t bytes)
{
    if (memory != NULL && bytes >= LEAST_BYTES) {
        uintptr_t start = ((uintptr_t)memory + PAGE - 1) & ~(PAGE - 1), end = ((uintptr_t)memory + bytes) & ~(PAGE - 1);
        (void)madvise((void *)start, end - start, MADV_HUGEPAGE); /* refused: small pages do */
    }
    return memory;
}

void *huge_alloc(size_t count, size_t size)
{
    return asked(malloc(count * size), count * size);
}

void *huge_zeroed(size_t count, size_t size)
{
    return asked(calloc(count, size), count * size);
}

void *huge_more(void *memory, size_t count, size_t size)
{
    return asked(realloc(memory, count * size), count * size);
}
