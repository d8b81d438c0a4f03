/* Which code refers to which data: operands [rip + distance] of amd64 (Intel SDM, vol. 2, 2.2.1.6). */
#ifndef MEMWHY_GOUSED_H
#define MEMWHY_GOUSED_H

#include <stddef.h>
#include <stdint.h>

/* windows: pairs of an address and the one after its last, in order, apart. Calls `found` with the place of the distance and the address that
   it leads to; stops where that returns not 0. A distance is looked for at every byte, so now and then something else is taken for one. */
typedef int (*goused_found)(void *context, uint64_t place, uint64_t target);
int goused_search(const uint8_t *text, size_t size, uint64_t base, const uint64_t *windows, size_t count, goused_found found, void *context);

#endif
