/* Roots by their owners, and loops that can be interrupted: what every walk over a heap's pointers shares. */
#ifndef MEMWHY_GOROOTS_H
#define MEMWHY_GOROOTS_H

#include "goedges.h"

#define GOROOTS_TICK ((UINT32_C(1) << 19) - 1) /* steps between two ticks: some milliseconds */

/* rows: object, owner (from 0 up to owners), word of the owner; in the order of owners. first: by owner, where its rows begin.
 * tick: asked now and then; anything but 0 ends the walk. */
struct goroots {
    const uint32_t *rows;
    size_t count;
    uint32_t owners;
    uint32_t *first;
    int (*tick)(void *context);
    void *context;
};

static inline int goroots_ticks(const struct goroots *roots, uint32_t step)
{
    return (step & GOROOTS_TICK) == 0 && roots->tick != NULL && roots->tick(roots->context);
}

/* 0, or -1 for no memory. */
int goroots_open(struct goroots *roots, const uint32_t *rows, size_t count, uint32_t owners);
void goroots_close(struct goroots *roots);

/* A word of an object or an owner, as far as lines tell them apart. */
static inline uint16_t goroots_word(uint32_t word)
{
    return word < GOEDGES_FAR - 1 ? (uint16_t)word : (uint16_t)GOEDGES_FAR;
}

#endif
