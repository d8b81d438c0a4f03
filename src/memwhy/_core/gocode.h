/* Where a program's code takes an address: instructions LEA reg, [rip + distance] of amd64 (Intel SDM, vol. 2, 2.2.1.6). */
#ifndef MEMWHY_GOCODE_H
#define MEMWHY_GOCODE_H

#include <stddef.h>
#include <stdint.h>

#define GOCODE_BYTES 7u /* of such an instruction */

/* targets: in order. Calls `found` with the instruction's address and its target, in the order of the code; stops where that returns not 0. */
typedef int (*gocode_found)(void *context, uint64_t place, uint64_t target);
int gocode_search(const uint8_t *text, size_t size, uint64_t base, const uint64_t *targets, size_t count, gocode_found found, void *context);

#endif
