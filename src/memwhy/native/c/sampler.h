/* What the sampler's own files know of each other. All of it runs inside the target: no system call, no allocation of its own, no lock, no
 * floating point, no static data. */
#ifndef MW_SAMPLER_H
#define MW_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "shells.h"

_Static_assert(offsetof(struct mw_header, state) == MW_SHELL_STATE, "shells.h");
_Static_assert(MW_AT_THREADS == MW_SHELL_THREADS, "shells.h");
_Static_assert(MW_AT_PRESENT == MW_SHELL_PRESENT && MW_PRESENT == 1u << (64 - MW_SHELL_PRESENT_SHIFT), "shells.h");
_Static_assert(sizeof(struct mw_thread) == 1u << MW_SHELL_THREAD_SHIFT, "shells.h");
_Static_assert(MW_THREADS == 1u << (64 - MW_SHELL_HASH_SHIFT), "shells.h");
_Static_assert(offsetof(struct mw_thread, thread_pointer) == 0 && offsetof(struct mw_thread, left_bytes) == MW_SHELL_LEFT, "shells.h");
_Static_assert(MW_TRAMPOLINES == MW_SHELL_TRAMPOLINES && MW_TRAMPOLINE_BYTES == 1u << MW_SHELL_TRAMPOLINE_SHIFT, "shells.h");
_Static_assert(MW_MALLOC == 0 && MW_FREE == 1 && MW_CALLOC == 2 && MW_REALLOC == 3 && MW_MEMALIGN == 4, "the order in shells.S");
_Static_assert(MW_ALIGNED_ALLOC == 5 && MW_POSIX_MEMALIGN == 6 && MW_VALLOC == 7 && MW_PVALLOC == 8, "the order in shells.S");
_Static_assert(MW_REALLOCARRAY == 9 && MW_MMAP == 10 && MW_MUNMAP == 11 && MW_MREMAP == 12, "the order in shells.S");

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#pragma GCC visibility push(hidden)

extern char mw_data[];

/* A hook's call as shells.S lays it on the stack. */
struct mw_call {
    uint64_t rbp;
    uint64_t a, b, c, d, e, f;
    uint64_t return_pc;
};

static inline struct mw_header *mw_header(void) { return (struct mw_header *)mw_data; }

/* The original of a function, or NULL where the target has none. */
#ifdef MW_PRELOAD
extern void *mw_real[24];
extern uint32_t mw_awake;
static inline void *mw_original(enum mw_function function) { return mw_real[function]; }
static inline int mw_is_awake(void) { return mw_awake != 0; }
int mw_is_early(uint64_t address);
#else
extern char mw_image[];
static inline void *mw_original(enum mw_function function)
{
    char *slot = mw_image + MW_TRAMPOLINES + (size_t)function * MW_TRAMPOLINE_BYTES;

    return *(volatile unsigned char *)slot == 0 ? NULL : slot;
}
static inline int mw_is_awake(void) { return 1; }
#endif

static inline uint64_t mw_now_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint32_t mw_state(void) { return __atomic_load_n(&mw_header()->state, __ATOMIC_RELAXED); }
static inline uint32_t mw_level(void) { return __atomic_load_n(&mw_header()->level, __ATOMIC_RELAXED); }
static inline void mw_add(uint64_t *counter, uint64_t amount) { __atomic_fetch_add(counter, amount, __ATOMIC_RELAXED); }
static inline uint64_t mw_high_product(uint64_t a, uint64_t b) { return (uint64_t)((unsigned __int128)a * b >> 64); }

/* chance.c: draws and probabilities in integers. */
#define MW_ONE (UINT64_C(1) << 62) /* probability 1 */
uint64_t mw_mixed(uint64_t value);
uint64_t mw_random(uint64_t *state);
uint64_t mw_gap(uint64_t random, uint64_t period_bytes);
uint64_t mw_probability(uint64_t bytes, uint64_t period_bytes);
uint64_t mw_weight(uint64_t bytes, uint64_t probability, uint64_t random);

/* thread.c */
#define MW_MOST_LEVEL 24u
uint64_t mw_probability_at(uint32_t level, uint64_t bytes);
struct mw_thread *mw_thread_here(uintptr_t sp);
int mw_count_down(struct mw_thread *thread, uint64_t bytes);
void mw_draw_gap(struct mw_thread *thread);
uint64_t mw_enter(struct mw_thread *thread);
void mw_leave(struct mw_thread *thread, uint64_t left);

/* Whether the table may hold this address: aligned as the sampler aligns, or as glibc's malloc aligns what it maps. */
static inline int mw_can_be_kept(uint64_t address) { return (address & 0x3ff) == 0 || (address & 0xfff) == 0x10; }
#define MW_ALIGNMENT 1024u

/* sample.c: one sampled block from its draw to its place in the table. */
struct mw_sample {
    struct mw_block block; /* without its stack */
    uint64_t started_tsc;
};
int mw_draw(struct mw_thread *thread, uint64_t bytes, struct mw_sample *sample);
void mw_keep(struct mw_thread *thread, struct mw_sample *sample, const struct mw_call *call, uint64_t address);
void mw_put_back(uint64_t address, const struct mw_block *block);
int mw_forget(uint64_t address, struct mw_block *block);

/* live.c: the table of outstanding sampled blocks. */
int mw_live_put(uint64_t address, const struct mw_block *block);
int mw_live_take(uint64_t address, struct mw_block *block);
int mw_is_kept(uint32_t tag, uint32_t level);

/* stacks.c */
uint32_t mw_stack_of(struct mw_thread *thread, const struct mw_call *call, uint32_t kind);
struct mw_stack *mw_stack_at(uint32_t index);

/* budget.c */
void mw_spend(uint64_t started_tsc);
int mw_raise_level(uint32_t from);
int mw_is_orphaned(uint64_t now_tsc);

/* regions.c: the table of mappings. */
#define MW_MOST_CUTS 8u
struct mw_cut { /* what one call takes out of the table, to be put back when the call fails */
    struct mw_region pieces[MW_MOST_CUTS];
    uint32_t count, whole; /* whole: a bit for each piece that left nothing behind */
};
void mw_cut(uint64_t address, uint64_t bytes, struct mw_cut *cut);
void mw_uncut(const struct mw_cut *cut);
int mw_region_put(const struct mw_region *region);

#pragma GCC visibility pop

#endif
