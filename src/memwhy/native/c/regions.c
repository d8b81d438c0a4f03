/* Mappings, exactly: every slot is its own lock, the lowest bit of its address, held for as long as it takes to change it. Whoever comes by
 * waits only for one that holds a part of what he looks for. */
#include "sampler.h"

#define HELD 1u /* alone: a new one is being written, which cannot be what another call takes away */
#define MOST_SCANS 4u
#define PAGE_BYTES 4096u
#define MOST_WAIT_NS 50000u

static struct mw_region *regions(void) { return (struct mw_region *)(mw_data + MW_AT_REGIONS); }

static void book(uint32_t stack_index, uint64_t bytes, uint64_t count)
{
    struct mw_stack *stack = mw_stack_at(stack_index);

    mw_add(&stack->freed_bytes, bytes);
    mw_add(&stack->freed_count, count);
}

static uint32_t used(void)
{
    uint64_t count = __atomic_load_n(&mw_header()->regions_used, __ATOMIC_RELAXED);

    return count < MW_REGIONS ? (uint32_t)count : MW_REGIONS;
}

static void raise_used(uint64_t to)
{
    uint64_t now = __atomic_load_n(&mw_header()->regions_used, __ATOMIC_RELAXED);

    while (now < to && !__atomic_compare_exchange_n(&mw_header()->regions_used, &now, to, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static int claim(struct mw_region *slot)
{
    uint64_t empty = 0;

    return __atomic_load_n(&slot->address, __ATOMIC_RELAXED) == 0
        && __atomic_compare_exchange_n(&slot->address, &empty, HELD, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* False, and counted, when the table is full. */
int mw_region_put(const struct mw_region *region)
{
    uint64_t *next = &mw_header()->regions_next;
    uint32_t start = (uint32_t)__atomic_load_n(next, __ATOMIC_RELAXED);

    for (uint32_t n = 0; n < MW_REGIONS; n++) {
        uint32_t i = (start + n) % MW_REGIONS;
        struct mw_region *slot = &regions()[i];

        if (!claim(slot))
            continue;
        __atomic_store_n(next, i + 1, __ATOMIC_RELAXED);
        slot->bytes = region->bytes;
        slot->stack = region->stack;
        slot->born = region->born;
        slot->prot = region->prot;
        slot->flags = region->flags;
        raise_used(i + 1);
        __atomic_store_n(&slot->address, region->address, __ATOMIC_RELEASE);
        return 1;
    }
    mw_add(&mw_header()->missed_regions, 1);
    return 0;
}

static int overlaps(const struct mw_region *slot, uint64_t address, uint64_t low, uint64_t high)
{
    address &= ~(uint64_t)HELD;
    return address != 0 && address < high && address + __atomic_load_n(&slot->bytes, __ATOMIC_RELAXED) > low;
}

/* Takes hold of a slot that has a part of [low, high): its address; 0 when it has none, HELD after a wait in vain, as when its holder was
 * interrupted by this very thread. */
static uint64_t hold(struct mw_region *slot, uint64_t low, uint64_t high)
{
    uint64_t since = 0;

    for (;;) {
        uint64_t address = __atomic_load_n(&slot->address, __ATOMIC_ACQUIRE);

        if (!overlaps(slot, address, low, high))
            return 0;
        if (!(address & HELD)
            && __atomic_compare_exchange_n(&slot->address, &address, address | HELD, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            if (overlaps(slot, address, low, high))
                return address;
            __atomic_store_n(&slot->address, address, __ATOMIC_RELEASE);
            return 0;
        }
        if (since == 0)
            since = mw_now_tsc();
        else if (mw_now_tsc() - since > mw_header()->tsc_hz / (1000000000u / MOST_WAIT_NS))
            return HELD;
        __asm__ volatile("pause");
    }
}

static void remember(struct mw_cut *cut, const struct mw_region *piece, int whole)
{
    book(piece->stack, piece->bytes, whole);
    if (cut->count == MW_MOST_CUTS)
        return;
    cut->whole |= (uint32_t)whole << cut->count;
    cut->pieces[cut->count++] = *piece;
}

/* Takes [low, high) out of one slot that the caller holds, and lets go of it. */
static void cut_slot(struct mw_region *slot, uint64_t address, uint64_t low, uint64_t high, struct mw_cut *cut)
{
    uint64_t end = address + slot->bytes;
    struct mw_region piece = *slot, rest;

    if (low < address)
        low = address;
    if (high > end)
        high = end;
    rest = piece;
    piece.address = low;
    piece.bytes = high - low;
    remember(cut, &piece, low == address && high == end);
    rest.address = high;
    rest.bytes = end - high;
    if (low > address) {
        if (rest.bytes != 0 && !mw_region_put(&rest))
            book(rest.stack, rest.bytes, 0);
        mw_add(&mw_header()->regions_split, rest.bytes != 0);
        slot->bytes = low - address;
    } else {
        slot->bytes = rest.bytes;
        address = rest.bytes != 0 ? high : 0;
        if (address == 0)
            __atomic_store_n(&mw_header()->regions_next, (uint64_t)(slot - regions()), __ATOMIC_RELAXED);
    }
    __atomic_store_n(&slot->address, address, __ATOMIC_RELEASE);
}

static void scan(uint64_t low, uint64_t high, struct mw_cut *cut)
{
    uint32_t count = used();

    for (uint32_t i = 0; i < count; i++) {
        struct mw_region *slot = &regions()[i];
        uint64_t address;

        if (likely(!overlaps(slot, __atomic_load_n(&slot->address, __ATOMIC_ACQUIRE), low, high)))
            continue;
        address = hold(slot, low, high);
        if (address == HELD)
            mw_add(&mw_header()->missed_regions, 1);
        else if (address != 0)
            cut_slot(slot, address, low, high, cut);
    }
}

/* Takes a range out of the table: before it is given back, or another thread's new mapping could be found at the same address. */
void mw_cut(uint64_t address, uint64_t bytes, struct mw_cut *cut)
{
    uint64_t *split = &mw_header()->regions_split, before;

    cut->count = cut->whole = 0;
    if (bytes == 0 || address + bytes < address || address % PAGE_BYTES != 0) /* the kernel will refuse it */
        return;
    for (uint32_t i = 0; i < MOST_SCANS; i++) {
        before = __atomic_load_n(split, __ATOMIC_ACQUIRE);
        scan(address, address + bytes, cut);
        if (__atomic_load_n(split, __ATOMIC_ACQUIRE) == before)
            return;
    }
}

/* The call failed: what it would have taken away is still there. */
void mw_uncut(const struct mw_cut *cut)
{
    for (uint32_t i = 0; i < cut->count; i++)
        if (mw_region_put(&cut->pieces[i]))
            book(cut->pieces[i].stack, 0 - cut->pieces[i].bytes, 0 - (uint64_t)(cut->whole >> i & 1));
}
