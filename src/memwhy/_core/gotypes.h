/* Go's type descriptors, as far as their pointer masks go; each read from the target once. Source: internal/abi/type.go. */
#ifndef MEMWHY_GOTYPES_H
#define MEMWHY_GOTYPES_H

#include "memory.h"

#include <stddef.h>
#include <stdint.h>

#define GOTYPES_MOST 60000u /* told apart by a uint16, the rest is without a type */
#define GOTYPES_WORDS (1u << 21)

struct gotype {
    uint64_t address, size;
    uint64_t words;      /* up to the last pointer; 0: none */
    const uint8_t *mask; /* a bit a word; NULL: every one of `words` may be a pointer */
};

struct gotypes {
    const struct memory *memory;
    int on_demand_flag;  /* TFlagGCMaskOnDemand, 0 where this Go has none */
    int program_flag;    /* KindGCProg in Kind_, 0 where this Go has none */
    struct gotype *rows; /* row 0 is "no type" */
    uint32_t count, room;
    uint32_t *places;
    uint64_t conservative; /* types whose mask could not be read */
};

int gotypes_open(struct gotypes *types, const struct memory *memory, int on_demand_flag, int program_flag);
void gotypes_close(struct gotypes *types);

/* The row of the type at an address; 0 when that is none, or there are too many. */
uint32_t gotypes_find(struct gotypes *types, uint64_t address);

#endif
