/* Distinct stacks, found by their hash alone: of 8,192 stacks two have the same 64 bits with a chance of 2^-39. */
#include "sampler.h"

#include "gowalk.h"
#include "unwind.h"

#define CLAIMED 1u
#define MOST_PROBES 128u
#define C_ROOM 64u /* so that a deep C part leaves room for the Go part */

struct mw_stack *mw_stack_at(uint32_t index)
{
    return (struct mw_stack *)(mw_data + MW_AT_STACKS) + index % MW_STACKS;
}

static uint64_t hash_of(const uint64_t *pcs, size_t count, uint64_t start)
{
    uint64_t hash = start;

    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ pcs[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    hash = mw_mixed(hash);
    return hash > CLAIMED ? hash : hash + 2;
}

/* Room for `count` program counters: the index of the first, or UINT32_MAX. */
static uint32_t room_for(size_t count)
{
    struct mw_header *header = mw_header();
    uint64_t at;

    if (__atomic_load_n(&header->pcs_used_bytes, __ATOMIC_RELAXED) + count * 8 > MW_PCS_BYTES)
        return UINT32_MAX;
    at = __atomic_fetch_add(&header->pcs_used_bytes, count * 8, __ATOMIC_RELAXED);
    return at + count * 8 <= MW_PCS_BYTES ? (uint32_t)(at / 8) : UINT32_MAX;
}

static int write_stack(struct mw_stack *stack, const struct mw_stack *like, const uint64_t *pcs)
{
    uint64_t *to = (uint64_t *)(mw_data + MW_AT_PCS);
    size_t count = (size_t)like->c_frames + like->go_frames;
    uint32_t first = room_for(count);

    if (first == UINT32_MAX) {
        __atomic_store_n(&stack->hash, 0, __ATOMIC_RELEASE);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        to[first + i] = pcs[i];
    stack->first_pc = first;
    stack->c_frames = like->c_frames;
    stack->go_frames = like->go_frames;
    stack->flags = like->flags;
    stack->kind = like->kind;
    __atomic_store_n(&stack->hash, like->hash, __ATOMIC_RELEASE);
    mw_add(&mw_header()->stacks_used, 1);
    return 1;
}

/* Its index, 0 where there is no room. A place that another thread is just filling is passed over: at worst a stack stands twice. */
static uint32_t place_of(const struct mw_stack *wanted, const uint64_t *pcs)
{
    for (uint32_t probe = 0; probe < MOST_PROBES; probe++) {
        uint32_t index = (uint32_t)(wanted->hash + probe) % MW_STACKS;
        struct mw_stack *stack = mw_stack_at(index);
        uint64_t hash = __atomic_load_n(&stack->hash, __ATOMIC_ACQUIRE);

        if (index == 0)
            continue;
        if (hash == wanted->hash)
            return index;
        if (hash == 0 && __atomic_compare_exchange_n(&stack->hash, &hash, CLAIMED, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return write_stack(stack, wanted, pcs) ? index : 0;
    }
    return 0;
}

/* The index of the stack that a hook was called from. kind: as in struct mw_stack. */
uint32_t mw_stack_of(struct mw_thread *thread, const struct mw_call *call, uint32_t kind)
{
    struct mw_header *header = mw_header();
    uint64_t pcs[MW_MOST_FRAMES];
    struct mw_stack found = {.kind = kind};
    uintptr_t sp = (uintptr_t)(call + 1);
    uint32_t flags = 0, index;

    thread->seen_sp = sp;
    found.c_frames = (uint16_t)mw_unwind_c(header, thread, call->return_pc, sp, call->rbp, pcs, C_ROOM, &flags);
    found.go_frames = (uint16_t)mw_walk_go(header, pcs + found.c_frames, MW_MOST_FRAMES - found.c_frames, &flags);
    found.flags = flags;
    found.hash = hash_of(pcs, (size_t)found.c_frames + found.go_frames, (uint64_t)flags << 32 | kind << 16 | found.c_frames);
    if (found.c_frames + found.go_frames == MW_MOST_FRAMES || flags & MW_C_CUT)
        mw_add(&header->cut_stacks, 1);
    index = place_of(&found, pcs);
    if (index == 0)
        mw_add(&header->lost_samples, 1);
    return index;
}
