/* The Go part of a stack: from a thread inside C to the goroutine that called, by the runtime's own saved words. */
#ifndef MW_GOWALK_H
#define MW_GOWALK_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* Writes at most `room` return addresses, the caller of C first, and gives their number; 0 on a thread that no goroutine uses. Callbacks
 * (Go, C, Go, C) are followed outwards. What was found is added to *flags. */
size_t mw_walk_go(struct mw_header *header, uint64_t *pcs, size_t room, uint32_t *flags);

/* The bounds of this thread's stack by the runtime's own word, for an sp inside them. 0: not a Go thread, or not on that stack. */
int mw_go_stack(const struct mw_header *header, uintptr_t sp, uintptr_t *lo, uintptr_t *hi);

#endif
