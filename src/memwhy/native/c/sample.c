/* One sampled block, from its draw to its place in the table. */
#include "probes.h"
#include "sampler.h"

#define BORN_SHIFT 24

static uint32_t born_now(void) { return (uint32_t)(mw_now_tsc() >> BORN_SHIFT); }

/* After a count-down that ran out: draws the next gap and says whether the block is a sample. A count-down that was drawn at a lower level
 * than today's made it one too easily; its tag then decides, as for those that were alive when the level rose. */
int mw_draw(struct mw_thread *thread, uint64_t bytes, struct mw_sample *sample)
{
    uint32_t drawn = thread->level, level;
    uint64_t probability, random = mw_random(&thread->random);

    if (bytes == 0)
        bytes = 1;
    sample->started_tsc = mw_now_tsc();
    if (mw_is_orphaned(sample->started_tsc))
        return 0;
    probability = mw_probability_at(drawn, bytes);
    mw_draw_gap(thread);
    level = thread->level > drawn ? thread->level : drawn;
    sample->block = (struct mw_block){
        .bytes = bytes,
        .weight_bytes = mw_weight(bytes, probability, mw_random(&thread->random)) << (level - drawn),
        .tag = (uint32_t)random << (drawn & 31),
        .level = level,
        .born = born_now(),
    };
    return mw_is_kept(sample->block.tag, level);
}

/* How many blocks of this size one sample stands for: the same whole number whenever it is asked. */
static uint64_t count_of(const struct mw_block *block)
{
    return (block->weight_bytes + mw_mixed(block->tag ^ block->born) % block->bytes) / block->bytes;
}

/* Into the table. Full: the level rises, which strikes out half of what is there and maybe the block itself. */
static void put(uint64_t address, const struct mw_block *block)
{
    uint32_t level = mw_level();

    if (mw_live_put(address, block))
        return;
    if (mw_raise_level(level) && (!mw_is_kept(block->tag, level + 1) || mw_live_put(address, block)))
        return;
    mw_add(&mw_header()->lost_samples, 1);
}

/* Books the block at its address and stack. */
void mw_keep(struct mw_thread *thread, struct mw_sample *sample, const struct mw_call *call, uint64_t address)
{
    struct mw_block *block = &sample->block, old;
    struct mw_stack *stack;

    mw_forget(address, &old); /* freed by a way that no hook sees */
    block->stack = mw_stack_of(thread, call, 0);
    stack = mw_stack_at(block->stack);
    mw_add(&stack->allocated_bytes, block->weight_bytes);
    mw_add(&stack->allocated_count, count_of(block));
    put(address, block);
    mw_probe_alloc(address, block->bytes, block->weight_bytes);
    mw_spend(sample->started_tsc);
}

/* Adds a block to what its stack has freed, or takes it off again: nothing, if thinning has struck it out. */
static void book_freed(const struct mw_block *block, uint64_t sign)
{
    uint32_t level = mw_level();
    struct mw_stack *stack = mw_stack_at(block->stack);

    if (!mw_is_kept(block->tag, level) || block->level > level)
        return;
    mw_add(&stack->freed_bytes, sign * (block->weight_bytes << (level - block->level)));
    mw_add(&stack->freed_count, sign * (count_of(block) << (level - block->level)));
}

/* Takes the block at an address out of the sample, if it is in it. */
int mw_forget(uint64_t address, struct mw_block *block)
{
    if (!mw_can_be_kept(address) || !mw_live_take(address, block))
        return 0;
    book_freed(block, 1);
    mw_add(&mw_header()->sampled_frees, 1);
    mw_probe_free(address);
    return 1;
}

/* The reverse: a block that was taken out, but whose original could not be moved or freed. */
void mw_put_back(uint64_t address, const struct mw_block *block)
{
    book_freed(block, (uint64_t)-1);
    mw_add(&mw_header()->sampled_frees, (uint64_t)-1);
    put(address, block);
}
