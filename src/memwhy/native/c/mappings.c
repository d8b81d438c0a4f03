/* The mmap family: every mapping counts, by its own bytes. What malloc, pthread and the loader map for themselves is not told here: their
 * blocks are, and stacks and modules are seen in /proc/PID/maps. Address space that was only reserved (PROT_NONE) holds nothing. */
#include "sampler.h"

#define PAGE_BYTES 4096u
#define FAILED ((uint64_t)-1)
#define NO_ACCESS 0u         /* PROT_NONE */
#define FIXED 0x10u          /* MAP_FIXED: what was there goes */
#define REMAP_FIXED 2u       /* MREMAP_FIXED */
#define REMAP_DONTUNMAP 4u   /* MREMAP_DONTUNMAP */
#define BORN_SHIFT 24

typedef uint64_t six(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static uint64_t whole_pages(uint64_t bytes) { return (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1); }

static int is_the_systems(uint64_t pc)
{
    const struct mw_header *header = mw_header();

    return (pc >= header->libc_text_lo && pc < header->libc_text_hi) || (pc >= header->loader_text_lo && pc < header->loader_text_hi)
        || (pc >= header->malloc_text_lo && pc < header->malloc_text_hi);
}

static uint64_t call_original(enum mw_function function, const struct mw_call *call)
{
    return ((six *)mw_original(function))(call->a, call->b, call->c, call->d, call->e, call->f);
}

static void add_region(const struct mw_call *call, uint64_t address, uint64_t bytes, uint32_t prot, uint32_t flags)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    struct mw_region region = {
        .address = address,
        .bytes = whole_pages(bytes),
        .born = (uint32_t)(mw_now_tsc() >> BORN_SHIFT),
        .prot = prot,
        .flags = flags,
    };
    struct mw_stack *stack;

    region.stack = mw_stack_of(thread, call, 1);
    if (!mw_region_put(&region))
        return;
    stack = mw_stack_at(region.stack);
    mw_add(&stack->allocated_bytes, region.bytes);
    mw_add(&stack->allocated_count, 1);
}

uint64_t mw_on_mmap(const struct mw_call *call)
{
    struct mw_cut cut = {.count = 0};
    uint64_t result;

    if (is_the_systems(call->return_pc))
        return call_original(MW_MMAP, call);
    if (call->d & FIXED)
        mw_cut(call->a, whole_pages(call->b), &cut);
    result = call_original(MW_MMAP, call);
    if (result == FAILED)
        mw_uncut(&cut);
    else if (mw_state() == MW_ON && (uint32_t)call->c != NO_ACCESS)
        add_region(call, result, call->b, (uint32_t)call->c, (uint32_t)call->d);
    return result;
}

uint64_t mw_on_munmap(const struct mw_call *call)
{
    struct mw_cut cut;
    uint64_t result;

    if (is_the_systems(call->return_pc))
        return call_original(MW_MUNMAP, call);
    mw_cut(call->a, whole_pages(call->b), &cut);
    result = call_original(MW_MUNMAP, call);
    if ((uint32_t)result != 0)
        mw_uncut(&cut);
    return result;
}

/* The mapping at its new place and size belongs to whoever asked for the change. */
uint64_t mw_on_mremap(const struct mw_call *call)
{
    struct mw_cut old = {.count = 0}, replaced = {.count = 0};
    uint32_t prot = 0, flags = 0;
    uint64_t result;

    if (is_the_systems(call->return_pc))
        return call_original(MW_MREMAP, call);
    if (call->b != 0 && !(call->d & REMAP_DONTUNMAP))
        mw_cut(call->a, whole_pages(call->b), &old);
    if (call->d & REMAP_FIXED)
        mw_cut(call->e, whole_pages(call->c), &replaced);
    result = call_original(MW_MREMAP, call);
    if (result == FAILED) {
        mw_uncut(&old);
        mw_uncut(&replaced);
        return result;
    }
    if (old.count != 0) {
        prot = old.pieces[0].prot;
        flags = old.pieces[0].flags;
    }
    if (mw_state() == MW_ON)
        add_region(call, result, call->c, prot, flags);
    return result;
}
