/* The sampler's memory as both sides see it: the hooks inside the target write it, memwhy reads it from outside.
 *
 * Every field is naturally aligned and little-endian; sizes are asserted below and again by native/layout.py.
 * Nothing here is a pointer of the target's own: what the hooks follow was put there by memwhy or made by them.
 */
#ifndef MEMWHY_LAYOUT_H
#define MEMWHY_LAYOUT_H

#include <stdint.h>

#define MW_MAGIC 0x3179687777656d6dull /* "mmewwhy1", little-endian */
#define MW_VERSION 1u

/* Where each part starts, counted from the header; the region is one anonymous mapping. */
#define MW_CODE_BYTES 0x10000u /* in an attached target the code lies right below the header */
#define MW_HEADER_BYTES 0x2000u
#define MW_THREADS 4096u
#define MW_LIVE 65536u /* sampled blocks that are outstanding at most; above it the period doubles */
#define MW_WAYS 8u
#define MW_PRESENT 131072u /* counters of one byte each, by a hash of the address: how many blocks of the table have it; 255 stays */
#define MW_REGIONS 4096u
#define MW_STACKS 8192u
#define MW_PCS_BYTES 0x180000u /* program counters of all distinct stacks */
#define MW_MODULES 256u
#define MW_ROWS 524288u /* unwind rows; touched only as far as they are used */
#define MW_PC_CACHE 4096u
#define MW_MOST_FRAMES 96u

enum mw_state { MW_OFF = 0, MW_ON = 1, MW_DRAIN = 2, MW_SPENT = 3 }; /* SPENT: it turned itself off, see off_reason */
enum mw_reason { MW_NO_REASON = 0, MW_BUDGET = 1, MW_ORPHANED = 2, MW_ASKED = 3 };

struct mw_header {
    uint64_t magic;
    uint32_t version;
    uint32_t state; /* enum mw_state; a wiped (forked) copy reads 0: off */
    uint32_t off_reason;
    uint32_t owner_pid;     /* the memwhy that reads it, in its own pid namespace */
    uint64_t heartbeat_tsc; /* written by the reader; older than orphan_tsc at a sample: SPENT, MW_ORPHANED */
    uint64_t orphan_tsc;
    uint64_t tsc_hz;
    uint64_t period_bytes; /* mean gap between samples, as asked for; the working period is period_bytes << level */
    uint32_t level;        /* raised by the sampler itself: each step keeps a random half of what is live */
    uint32_t most_level;
    uint64_t budget_tsc;     /* cycles that samples may cost in each window_tsc, all threads together */
    uint64_t window_tsc;
    uint64_t window_started_tsc;
    uint64_t window_spent_tsc;
    uint64_t spent_tsc; /* since the start */
    uint64_t samples, sampled_frees, evicted_threads;
    uint64_t lost_samples;      /* no room in a bucket, in the stacks or in the threads */
    uint64_t cut_stacks;        /* deeper than MW_MOST_FRAMES */
    uint64_t missed_regions;    /* mappings for which no slot was free, and slots that were held too long */
    uint64_t stacks_used, pcs_used_bytes;
    /* What the unwinder may use; memwhy fills it in and raises `modules_epoch` (odd while it writes). */
    uint32_t modules_epoch;
    uint32_t modules_used;
    uint64_t main_stack_lo, main_stack_hi;
    /* Go, as read from the binary: 0 in g_tls_found means that the target has no Go, or one that is not understood. */
    int64_t g_tls_offset; /* of the g slot from the thread pointer (%fs:0) */
    uint32_t g_tls_found;
    uint32_t g_m, g_sched_sp, g_sched_bp, g_stack_lo, g_stack_hi, m_g0, m_curg;
    uint64_t go_text_lo, go_text_hi;
    uint64_t cgocallback_lo, cgocallback_hi, cgocall_lo, cgocall_hi;
    uint64_t libc_text_lo, libc_text_hi; /* mmap called from here is malloc's or pthread's own */
    uint64_t loader_text_lo, loader_text_hi;
    uint64_t regions_used; /* slots of regions[] that have ever been used */
    uint64_t regions_next; /* slot at which the search for a free one begins */
    uint64_t regions_split; /* how often one became two, the second in another slot */
    /* Go again: bytes from the stack pointer after the call up to the return address, by pcsp; 0 in cgocall_frame: unknown. */
    uint32_t asmcgocall_frame, cgocall_frame, cgocallback_frame;
    uint32_t thread_block; /* where glibc's thread control block keeps its stack's address, and behind it the size; 0: unknown */
    uint64_t goexit_lo, goexit_hi;
    uint64_t owner_start_ticks, owner_pid_namespace; /* with owner_pid: which memwhy, also when its number is somebody else's by now */
    uint64_t malloc_text_lo, malloc_text_hi; /* of the module that has malloc, where that is not libc: mmap called from here is malloc's own */
    uint64_t reserved[45];
};

enum mw_function {
    MW_MALLOC, MW_FREE, MW_CALLOC, MW_REALLOC, MW_MEMALIGN, MW_ALIGNED_ALLOC, MW_POSIX_MEMALIGN, MW_VALLOC,
    MW_PVALLOC, MW_REALLOCARRAY, MW_MMAP, MW_MUNMAP, MW_MREMAP, MW_FUNCTIONS,
    MW_ERRNO_LOCATION = 16, /* __errno_location: called, never hooked */
};

/* The code of an attached target, MW_CODE_BYTES right below the header: this table, the hooks, and from MW_TRAMPOLINES on one slot for each
 * enum mw_function, written by memwhy: the original's first instructions, relocated, and a jump to what follows them. Every function that the
 * target's malloc has, patched or not, has a trampoline, so a hook whose header reads 0 (off, or wiped by fork) goes there without it. A slot
 * whose first byte is 0: there is no such function. */
#define MW_IMAGE_MAGIC 0x3167616d696d776dull /* "mwmimag1", little-endian */
#define MW_TRAMPOLINES 0xf000u
#define MW_TRAMPOLINE_BYTES 64u
struct mw_image {
    uint64_t magic;
    uint32_t version;     /* MW_VERSION */
    uint32_t bytes;       /* of the whole image, at most MW_TRAMPOLINES */
    uint32_t entries[24]; /* offset of each hook from the start of the image, by enum mw_function; 0: none */
    uint32_t tsc, reserved; /* offset of `uint64_t tsc(void)`: the sampler's clock, for the reader to call in its own process */
};

/* One thread that has allocated; found by its thread pointer, so a thread that ends needs no word to anyone. */
struct mw_thread {
    uint64_t thread_pointer; /* 0: free. Claimed by compare-and-swap */
    int64_t left_bytes;      /* until the next sample */
    uint64_t random;         /* SplitMix64's state */
    uint64_t seen_sp;        /* of the last sample: what memwhy checks against /proc/PID/maps … */
    uint64_t stack_lo, stack_hi; /* … and answers here; the unwinder reads stack words in [stack_lo, stack_hi) only */
    uint32_t busy;           /* inside a hook: what the original allocates meanwhile is its own affair */
    uint32_t level;
    uint64_t stack_check; /* stack_lo ^ stack_hi ^ thread_pointer, written last: bounds that do not fit it are not used */
};

/* Outstanding sampled blocks: MW_LIVE / MW_WAYS buckets; live_addresses[] is scanned, live_blocks[] has the rest.
 * An address of 0 is free room, 1 is being written. Stack 0 is that of samples for whose stack there was no room. */
struct mw_block {
    uint64_t bytes;        /* as asked for */
    uint64_t weight_bytes; /* bytes / P(sampled) at the period of its time */
    uint32_t stack;
    uint32_t tag;     /* random; counted only while its low `level` bits are 0; weight doubles with each level above `level` */
    uint32_t level;   /* at birth */
    uint32_t born;    /* tsc >> 24 */
};

struct mw_region { /* exact: mappings made by mmap, other than malloc's own */
    uint64_t address, bytes; /* address 0: free; its lowest bit: being written, or cut */
    uint32_t stack, born;
    uint32_t prot, flags; /* as given to mmap; after an mremap, of nothing: 0 */
};

struct mw_stack {
    uint64_t hash; /* published last; 0: free */
    uint32_t first_pc; /* index into pcs[] */
    uint16_t c_frames, go_frames;
    uint32_t flags; /* enum mw_stack_flag */
    uint32_t kind;  /* 0: malloc family, 1: mapping */
    uint64_t allocated_bytes, allocated_count; /* weights of all samples since the start, freed or not (exact for mappings) */
    uint64_t freed_bytes, freed_count;
};

enum mw_stack_flag {
    MW_C_WHOLE = 1,        /* the C part ended where Go begins, or at the thread's first frame */
    MW_C_NO_BOUNDS = 2,    /* memwhy had not checked this thread's stack yet: only the caller is known */
    MW_C_NO_ROW = 4,       /* a program counter that no unwind row covers */
    MW_C_CUT = 8,
    MW_GO_WHOLE = 16,      /* the Go part reached the goroutine's first frame */
    MW_GO_BROKEN = 32,     /* it was a Go thread, and its chain did not hold */
    MW_GO_CALLBACK = 64,   /* frames of a callback, and those outside it */
};

struct mw_module { uint64_t lo, hi; uint32_t first_row, rows; uint64_t reserved; };

/* One rule: holds from lo + pc_offset up to the next row. cfa = (by_rbp ? rbp : rsp) + cfa_words * 8; the return address is at
 * cfa - 8; the caller's rbp is at cfa + rbp_words * 8 (0: unchanged). kind: enum mw_rule; in MW_ALIGNED (a function that aligned its stack)
 * the cfa is the word at rbp + cfa_words * 8, and the caller's rbp the one at rbp + rbp_words * 8. */
enum mw_rule { MW_NO_RULE = 0, MW_BY_RSP = 1, MW_BY_RBP = 2, MW_OUTERMOST = 3, MW_ALIGNED = 4 };


struct mw_row { uint32_t pc_offset; int16_t cfa_words; int8_t rbp_words; uint8_t kind; };

/* Which row covers a program counter, in the slot of its low 12 bits: pc >> 12 in 35 bits, the row in 19, the low 10 bits of
 * modules_epoch / 2: one word, so that two threads cannot mix theirs. */
struct mw_pc_cached { uint64_t packed; };

#define MW_AT_THREADS MW_HEADER_BYTES
#define MW_AT_PRESENT (MW_AT_THREADS + MW_THREADS * sizeof(struct mw_thread))
#define MW_AT_LIVE_ADDRESSES (MW_AT_PRESENT + MW_PRESENT)
#define MW_AT_LIVE_BLOCKS (MW_AT_LIVE_ADDRESSES + MW_LIVE * 8)
#define MW_AT_REGIONS (MW_AT_LIVE_BLOCKS + MW_LIVE * sizeof(struct mw_block))
#define MW_AT_STACKS (MW_AT_REGIONS + MW_REGIONS * sizeof(struct mw_region))
#define MW_AT_PCS (MW_AT_STACKS + MW_STACKS * sizeof(struct mw_stack))
#define MW_AT_MODULES (MW_AT_PCS + MW_PCS_BYTES)
#define MW_AT_PC_CACHE (MW_AT_MODULES + MW_MODULES * sizeof(struct mw_module))
#define MW_AT_ROWS (MW_AT_PC_CACHE + MW_PC_CACHE * sizeof(struct mw_pc_cached))
#define MW_REGION_BYTES ((MW_AT_ROWS + MW_ROWS * sizeof(struct mw_row) + 0xfffu) & ~0xfffu)

_Static_assert(sizeof(struct mw_header) <= MW_HEADER_BYTES, "header");
_Static_assert(sizeof(struct mw_image) == 120, "image");
_Static_assert(sizeof(struct mw_thread) == 64, "thread");
_Static_assert(sizeof(struct mw_block) == 32, "block");
_Static_assert(sizeof(struct mw_region) == 32, "region");
_Static_assert(sizeof(struct mw_stack) == 56, "stack");
_Static_assert(sizeof(struct mw_module) == 32, "module");
_Static_assert(sizeof(struct mw_row) == 8, "row");
_Static_assert(sizeof(struct mw_pc_cached) == 8, "pc cache");

#endif
