/* What the sampler may cost, and when it stops by itself. */
#include "sampler.h"

#define MOST_COST_NS 20000u /* of one sample: what is longer was another's time, the thread was not running */

static void stop(enum mw_reason reason)
{
    struct mw_header *header = mw_header();
    uint32_t on = MW_ON;

    if (__atomic_compare_exchange_n(&header->state, &on, MW_SPENT, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        __atomic_store_n(&header->off_reason, reason, __ATOMIC_RELEASE);
}

/* Doubles the period; a random half of all samples stays and weighs twice. False at the highest level. */
int mw_raise_level(uint32_t from)
{
    struct mw_header *header = mw_header();

    if (from >= header->most_level || from >= MW_MOST_LEVEL)
        return 0;
    __atomic_compare_exchange_n(&header->level, &from, from + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    return 1;
}

/* Nobody has read for too long: off. Without a limit, the reader is waited for until the process ends. */
int mw_is_orphaned(uint64_t now_tsc)
{
    struct mw_header *header = mw_header();
    uint64_t read_tsc = __atomic_load_n(&header->heartbeat_tsc, __ATOMIC_RELAXED);

    if (header->orphan_tsc == 0 || now_tsc < read_tsc || now_tsc - read_tsc <= header->orphan_tsc)
        return 0;
    stop(MW_ORPHANED);
    return 1;
}

/* Books a sample's cycles; where a window's budget is passed, the period is doubled, and at the highest level the sampler ends. */
void mw_spend(uint64_t started_tsc)
{
    struct mw_header *header = mw_header();
    uint64_t now = mw_now_tsc(), cost = now - started_tsc, most = header->tsc_hz / (1000000000u / MOST_COST_NS);
    uint64_t began = __atomic_load_n(&header->window_started_tsc, __ATOMIC_RELAXED), spent;
    uint32_t level = mw_level();

    if (most != 0 && cost > most)
        cost = most;
    mw_add(&header->samples, 1);
    mw_add(&header->spent_tsc, cost);
    if (header->budget_tsc == 0)
        return;
    if (now - began > header->window_tsc
        && __atomic_compare_exchange_n(&header->window_started_tsc, &began, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        __atomic_store_n(&header->window_spent_tsc, 0, __ATOMIC_RELAXED);
    spent = __atomic_add_fetch(&header->window_spent_tsc, cost, __ATOMIC_RELAXED);
    if (spent > header->budget_tsc && spent - cost <= header->budget_tsc) {
        if (mw_raise_level(level)) {
            __atomic_store_n(&header->window_started_tsc, now, __ATOMIC_RELAXED);
            __atomic_store_n(&header->window_spent_tsc, 0, __ATOMIC_RELAXED);
        } else {
            stop(MW_BUDGET);
        }
    }
}
