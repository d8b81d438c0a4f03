/* The C part of a stack, from rules that memwhy laid down beside the header: no file, no lock, no system call. */
#ifndef MW_UNWIND_H
#define MW_UNWIND_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* pc: the caller of the hook; sp: its stack pointer behind the return address; rbp: as the caller had it. Writes at most `room`
 * program counters, the caller's first, and gives their number; what went wrong is added to *flags. */
size_t mw_unwind_c(struct mw_header *header, struct mw_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t rbp, uint64_t *pcs,
                   size_t room, uint32_t *flags);

#endif
