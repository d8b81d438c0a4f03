/* Reading another address space: /proc/PID/mem or a core file through one descriptor. Reads only. */
#ifndef MEMWHY_MEMORY_H
#define MEMWHY_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* segments: `count` rows of start, end, offset in address order; count 0: the offset is the address itself. */
struct memory {
    int fd;
    int pid;
    const uint64_t *segments;
    size_t count;
};

/* Up to `size` bytes at `address`; how many were read before the first that cannot be, 0 when none. */
size_t memory_read(const struct memory *memory, uint64_t address, void *into, size_t size);

/* `size` bytes from each of `count` addresses, one after another; zeros where they cannot be read. */
void memory_gather(const struct memory *memory, const uint64_t *addresses, size_t count, size_t size, void *into);

#endif
