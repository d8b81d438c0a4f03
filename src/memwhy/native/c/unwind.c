/* Nothing is followed that was not checked: stack words only inside the bounds that memwhy found in /proc/PID/maps for this
 * thread, each frame above the one before it. A wrong rule then gives a wrong frame, never a fault. */
#include "unwind.h"

#include "gowalk.h"

#define MOST_SEARCH 40 /* halvings of at most 2^19 rows and 2^8 modules */
#define NO_ROW UINT32_MAX
#define ROW_BITS 19
#define TAG_BITS 35
#define EPOCH_MASK 0x3ffu

_Static_assert(MW_ROWS <= 1u << ROW_BITS, "a row fits into a cached word");
_Static_assert(MW_PC_CACHE == 1u << 12, "a cached word leaves out the low 12 bits");

struct rules {
    const struct mw_module *modules;
    const struct mw_row *rows;
    struct mw_pc_cached *cache;
    uint32_t epoch, modules_used;
};

static int open_rules(struct mw_header *header, struct rules *rules)
{
    char *base = (char *)header;

    rules->epoch = __atomic_load_n(&header->modules_epoch, __ATOMIC_ACQUIRE);
    rules->modules_used = header->modules_used;
    rules->modules = (const struct mw_module *)(base + MW_AT_MODULES);
    rules->rows = (const struct mw_row *)(base + MW_AT_ROWS);
    rules->cache = (struct mw_pc_cached *)(base + MW_AT_PC_CACHE);
    return !(rules->epoch & 1) && rules->modules_used <= MW_MODULES;
}

static const struct mw_module *module_of(const struct rules *rules, uintptr_t pc)
{
    uint32_t low = 0, high = rules->modules_used;

    for (int i = 0; i < MOST_SEARCH && low < high; i++) {
        uint32_t middle = low + (high - low) / 2;

        if (rules->modules[middle].hi <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low >= rules->modules_used || pc < rules->modules[low].lo)
        return NULL;
    return &rules->modules[low];
}

/* The last row that begins at or before pc. */
static uint32_t search_row(const struct rules *rules, uintptr_t pc)
{
    const struct mw_module *module = module_of(rules, pc);
    uint64_t offset;
    uint32_t low, high, first;

    if (module == NULL || module->rows > MW_ROWS || module->first_row > MW_ROWS - module->rows)
        return NO_ROW;
    offset = pc - module->lo;
    first = low = module->first_row;
    high = first + module->rows;
    for (int i = 0; i < MOST_SEARCH && low < high; i++) {
        uint32_t middle = low + (high - low) / 2;

        if (rules->rows[middle].pc_offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > first ? low - 1 : NO_ROW;
}

static uint32_t row_of(const struct rules *rules, uintptr_t pc)
{
    struct mw_pc_cached *slot = &rules->cache[pc & (MW_PC_CACHE - 1)];
    uint64_t packed = __atomic_load_n(&slot->packed, __ATOMIC_RELAXED);
    uint64_t key = (uint64_t)(rules->epoch / 2 & EPOCH_MASK) << (TAG_BITS + ROW_BITS) |
                   ((uint64_t)pc >> 12 & ((UINT64_C(1) << TAG_BITS) - 1)) << ROW_BITS;
    uint32_t row;

    if (packed && (packed & ~(uint64_t)(MW_ROWS - 1)) == key)
        return (uint32_t)(packed & (MW_ROWS - 1));
    row = search_row(rules, pc);
    if (row != NO_ROW)
        __atomic_store_n(&slot->packed, key | row, __ATOMIC_RELAXED);
    return row;
}

struct frame {
    uintptr_t pc, sp, rbp, lo, hi;
};

/* The word at an address of this thread's stack; 0 in *held when it is none. */
static uintptr_t stack_word(const struct frame *frame, uintptr_t address, int *held)
{
    if (address < frame->lo || address > frame->hi - sizeof(uintptr_t) || address % sizeof(uintptr_t)) {
        *held = 0;
        return 0;
    }
    return *(const volatile uintptr_t *)address;
}

/* One frame up. 0: the rule does not hold here. */
static int step(struct frame *frame, struct mw_row row)
{
    intptr_t cfa_bytes = (intptr_t)row.cfa_words * 8;
    uintptr_t cfa, rbp = frame->rbp;
    int held = 1;

    switch (row.kind) {
    case MW_BY_RSP:
        cfa = frame->sp + (uintptr_t)cfa_bytes;
        break;
    case MW_BY_RBP:
        cfa = frame->rbp + (uintptr_t)cfa_bytes;
        break;
    case MW_ALIGNED:
        cfa = stack_word(frame, frame->rbp + (uintptr_t)cfa_bytes, &held);
        break;
    default:
        return 0;
    }
    if (!held || cfa <= frame->sp || cfa > frame->hi)
        return 0;
    if (row.kind == MW_ALIGNED)
        rbp = stack_word(frame, frame->rbp + (uintptr_t)((intptr_t)row.rbp_words * 8), &held);
    else if (row.rbp_words)
        rbp = stack_word(frame, cfa + (uintptr_t)((intptr_t)row.rbp_words * 8), &held);
    frame->pc = stack_word(frame, cfa - 8, &held);
    frame->sp = cfa;
    frame->rbp = rbp;
    return held;
}

static int is_inside(const struct frame *frame)
{
    return frame->hi > frame->lo && frame->hi % sizeof(uintptr_t) == 0 && frame->sp >= frame->lo && frame->sp < frame->hi;
}

#define PAGE 4096u
#define MOST_STACK_BYTES (UINT64_C(1) << 30)
#define MOST_BLOCK_OFFSET 0x1000u

/* What glibc wrote into the thread's control block, which lies on top of its stack: good for threads that memwhy has not seen yet. */
static int block_of(const struct mw_header *header, struct frame *frame)
{
    uint32_t offset = header->thread_block;
    uintptr_t pointer, size;

    if (offset == 0 || offset > MOST_BLOCK_OFFSET || offset % sizeof(uintptr_t))
        return 0;
    __asm__ volatile("movq %%fs:0x10, %0" : "=r"(pointer)); /* not the record's: another thread may take that over meanwhile */
    frame->lo = *(const volatile uintptr_t *)(pointer + offset);
    size = *(const volatile uintptr_t *)(pointer + offset + sizeof(uintptr_t));
    frame->hi = pointer;
    return frame->lo % PAGE == 0 && size % PAGE == 0 && size <= MOST_STACK_BYTES && pointer - frame->lo < size && is_inside(frame);
}

/* What memwhy found for this thread; until it has seen it: what glibc says, the main stack, or what Go knows of its own. */
static int bounds_of(const struct mw_header *header, const struct mw_thread *thread, struct frame *frame)
{
    frame->lo = __atomic_load_n(&thread->stack_lo, __ATOMIC_RELAXED);
    frame->hi = __atomic_load_n(&thread->stack_hi, __ATOMIC_RELAXED);
    if ((frame->lo ^ frame->hi ^ thread->thread_pointer) == __atomic_load_n(&thread->stack_check, __ATOMIC_RELAXED) && is_inside(frame))
        return 1;
    if (block_of(header, frame))
        return 1;
    frame->lo = header->main_stack_lo;
    frame->hi = header->main_stack_hi;
    return is_inside(frame) || (mw_go_stack(header, frame->sp, &frame->lo, &frame->hi) && is_inside(frame));
}

/* Was any of it read from rules that were being written? Then only the caller itself is sure. */
static int is_torn(const struct mw_header *header, const struct rules *rules)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&header->modules_epoch, __ATOMIC_RELAXED) != rules->epoch;
}

/* Up to Go's text or the thread's first frame; the caller itself is kept wherever it lies. */
static size_t climb(const struct mw_header *header, const struct rules *rules, struct frame *frame, uint64_t *pcs, size_t room,
                    uint32_t *flags)
{
    for (size_t count = 0;;) {
        uint32_t row;

        if (count && (frame->pc == 0 || (frame->pc >= header->go_text_lo && frame->pc < header->go_text_hi))) {
            *flags |= MW_C_WHOLE;
            return count;
        }
        if (count == room) {
            *flags |= MW_C_CUT;
            return count;
        }
        pcs[count++] = frame->pc;
        row = row_of(rules, frame->pc - 1); /* the call itself: a call that never returns may be a function's last instruction */
        if (row != NO_ROW && rules->rows[row].kind == MW_OUTERMOST) {
            *flags |= MW_C_WHOLE;
            return count;
        }
        if (row == NO_ROW || !step(frame, rules->rows[row])) {
            *flags |= MW_C_NO_ROW;
            return count;
        }
    }
}

size_t mw_unwind_c(struct mw_header *header, struct mw_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t rbp, uint64_t *pcs,
                   size_t room, uint32_t *flags)
{
    struct frame frame = {pc, sp, rbp, 0, 0};
    struct rules rules;
    uint32_t said = 0;
    size_t count;

    if (room == 0)
        return 0;
    pcs[0] = pc;
    if (!bounds_of(header, thread, &frame)) {
        *flags |= MW_C_NO_BOUNDS;
        return 1;
    }
    if (open_rules(header, &rules)) {
        count = climb(header, &rules, &frame, pcs, room, &said);
        if (!is_torn(header, &rules)) {
            *flags |= said;
            return count;
        }
    }
    pcs[0] = pc;
    *flags |= MW_C_NO_ROW;
    return 1;
}
