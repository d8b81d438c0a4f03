/* What the assembler knows of layout.h; sampler.h holds it against the structures. */
#ifndef MW_SHELLS_H
#define MW_SHELLS_H

#define MW_SHELL_STATE 12           /* offset of mw_header.state */
#define MW_SHELL_THREADS 0x2000     /* MW_AT_THREADS */
#define MW_SHELL_THREAD_SHIFT 6     /* log2 of the size of a thread's record */
#define MW_SHELL_HASH_SHIFT 52      /* leaves as many bits as there are records */
#define MW_SHELL_HASH 0x9e3779b97f4a7c15
#define MW_SHELL_LEFT 8             /* offset of mw_thread.left_bytes */
#define MW_SHELL_TRAMPOLINES 0xf000 /* MW_TRAMPOLINES */
#define MW_SHELL_TRAMPOLINE_SHIFT 6 /* log2 of MW_TRAMPOLINE_BYTES */

#define MW_SHELL_PRESENT 0x42000     /* MW_AT_PRESENT */
#define MW_SHELL_PRESENT_SHIFT 47   /* leaves as many bits as there are counters */

/* An address that can be in the table has none of these bits: aligned to 1024, or 16 bytes into a page, where glibc's malloc puts the blocks
 * that it maps one by one (malloc/malloc.c, mmap_chunk). */
#define MW_FILTER 0x3ef

#endif
