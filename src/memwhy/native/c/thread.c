/* Threads are known by their thread pointer alone. A record that nobody uses any more is found again by the next thread whose control block
 * lies at the same place, or taken over when its neighbourhood is full: all that is lost with it is a count-down, which has no memory. */
#include "sampler.h"

#define PLACES 8u
#define NEVER INT64_MAX

static uint64_t thread_pointer(void)
{
    uint64_t value;

    __asm__ volatile("movq %%fs:0x10, %0" : "=r"(value));
    return value;
}

static uint64_t period_bytes(uint32_t level)
{
    uint64_t period = mw_header()->period_bytes;

    if (period == 0)
        period = 1;
    if (period > UINT64_C(1) << 32)
        period = UINT64_C(1) << 32;
    return period << (level > MW_MOST_LEVEL ? MW_MOST_LEVEL : level);
}

uint64_t mw_probability_at(uint32_t level, uint64_t bytes) { return mw_probability(bytes, period_bytes(level)); }

void mw_draw_gap(struct mw_thread *thread)
{
    thread->level = mw_level();
    thread->left_bytes = (int64_t)mw_gap(mw_random(&thread->random), period_bytes(thread->level));
}

static struct mw_thread *take_over(struct mw_thread *thread, uint64_t pointer, uintptr_t sp)
{
    thread->random = mw_mixed(mw_now_tsc() ^ pointer) ^ sp;
    thread->seen_sp = sp;
    thread->stack_lo = thread->stack_hi = thread->stack_check = 0;
    thread->busy = 0;
    mw_draw_gap(thread);
    return thread;
}

/* The record of the thread that runs. sp: of its caller, for memwhy to find the stack by. */
struct mw_thread *mw_thread_here(uintptr_t sp)
{
    struct mw_thread *threads = (struct mw_thread *)(mw_data + MW_AT_THREADS);
    uint64_t pointer = thread_pointer(), victim;
    uint32_t first = (uint32_t)(pointer * MW_SHELL_HASH >> MW_SHELL_HASH_SHIFT);

    for (uint32_t i = 0; i < PLACES; i++) {
        struct mw_thread *thread = &threads[(first + i) % MW_THREADS];
        uint64_t found = __atomic_load_n(&thread->thread_pointer, __ATOMIC_RELAXED);

        if (found == pointer)
            return thread;
        if (found == 0 && __atomic_compare_exchange_n(&thread->thread_pointer, &found, pointer, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return take_over(thread, pointer, sp);
    }
    victim = mw_mixed(mw_now_tsc()) % PLACES;
    mw_add(&mw_header()->evicted_threads, 1);
    threads += (first + victim) % MW_THREADS;
    __atomic_store_n(&threads->thread_pointer, pointer, __ATOMIC_RELEASE);
    return take_over(threads, pointer, sp);
}

/* Takes `bytes` off the count-down; true when a gap ends within them. */
int mw_count_down(struct mw_thread *thread, uint64_t bytes)
{
    if (thread->busy)
        return 0;
    if ((uint64_t)thread->left_bytes > bytes) {
        thread->left_bytes -= (int64_t)bytes;
        return 0;
    }
    return 1;
}

/* Around an original that may call another hooked function: nothing that it allocates is sampled. The shells know no `busy`, so the count-down
 * is put out of reach. */
uint64_t mw_enter(struct mw_thread *thread)
{
    uint64_t left = (uint64_t)thread->left_bytes;

    if (thread->busy++ == 0)
        thread->left_bytes = NEVER;
    return left;
}

void mw_leave(struct mw_thread *thread, uint64_t left)
{
    if (thread->busy > 0)
        thread->busy--;
    thread->left_bytes = (int64_t)left;
}
