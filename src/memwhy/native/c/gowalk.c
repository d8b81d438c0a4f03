/* While C runs, the thread's g slot holds m.g0, and m.curg.sched says where the goroutine left Go (runtime/asm_amd64.s: asmcgocall,
 * gosave_systemstack_switch; the same in Go 1.19 to 1.27). Its frames are linked by rbp (cmd/internal/obj/x86). A callback's inner
 * frames end in cgocallback, whose saved rbp belongs to g0; the outer ones begin where cgocallback's frame ends, because it laid
 * that frame right below the stack pointer that asmcgocall had saved.
 *
 * Words of g, m and g0 are read only after they point back to each other, stack words only inside the goroutine's own bounds. While its
 * thread is in C or on g0, nobody moves or frees a goroutine's stack (runtime/stack.go, isShrinkStackSafe). */
#include "gowalk.h"

#define WORD 8u
#define LOWEST 0x10000u
#define HIGHEST 0x7fffffffffffu
#define MOST_STACK_BYTES (UINT64_C(1) << 30)
#define TOP_BYTES 64u /* above the first frame of a goroutine: newproc1 and newextram leave four words */

struct goroutine {
    uintptr_t g0, m, curg, lo, hi;
};

struct walk {
    const struct mw_header *header;
    uintptr_t lo, hi;
    uint64_t *pcs;
    size_t room, count;
    uint32_t *flags;
};

static int is_pointer(uintptr_t address)
{
    return address >= LOWEST && address <= HIGHEST && address % WORD == 0;
}

static uintptr_t word_at(uintptr_t address)
{
    return *(const volatile uintptr_t *)address;
}

static uintptr_t thread_pointer(void)
{
    uintptr_t value;

    __asm__ volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

/* g0 and m of this thread; 0 where it has none, or runs on another of Go's stacks. */
static int find_machine(const struct mw_header *header, struct goroutine *found)
{
    if (!header->g_tls_found)
        return 0;
    found->g0 = word_at(thread_pointer() + (uintptr_t)header->g_tls_offset);
    if (!is_pointer(found->g0))
        return 0;
    found->m = word_at(found->g0 + header->g_m);
    return is_pointer(found->m) && word_at(found->m + header->m_g0) == found->g0;
}

static int are_bounds(uintptr_t lo, uintptr_t hi)
{
    return is_pointer(lo) && is_pointer(hi) && lo < hi && hi - lo <= MOST_STACK_BYTES;
}

/* 1: found; 0: no goroutine is at work here; -1: one whose words do not fit. */
static int find_goroutine(const struct mw_header *header, struct goroutine *found)
{
    if (!find_machine(header, found))
        return 0;
    found->curg = word_at(found->m + header->m_curg);
    if (found->curg == 0)
        return 0;
    if (!is_pointer(found->curg) || found->curg == found->g0 || word_at(found->curg + header->g_m) != found->m)
        return -1;
    found->lo = word_at(found->curg + header->g_stack_lo);
    found->hi = word_at(found->curg + header->g_stack_hi);
    return are_bounds(found->lo, found->hi) ? 1 : -1;
}

static int stack_word(const struct walk *walk, uintptr_t address, uintptr_t *word)
{
    if (address % WORD || address < walk->lo || address > walk->hi - WORD)
        return 0;
    *word = word_at(address);
    return 1;
}

static int is_go(const struct mw_header *header, uintptr_t pc)
{
    return pc > header->go_text_lo && pc <= header->go_text_hi;
}

static int is_in(uintptr_t pc, uint64_t lo, uint64_t hi)
{
    return pc > lo && pc <= hi; /* return addresses: one behind the call */
}

static int add(struct walk *walk, uintptr_t pc)
{
    if (walk->count == walk->room)
        return 0;
    walk->pcs[walk->count++] = pc;
    return 1;
}

/* Did asmcgocall, called by cgocall, save this stack pointer? *pc: in cgocall; *frame: where cgocall keeps its caller's rbp. */
static int is_cgo_call(const struct walk *walk, uintptr_t sp, uintptr_t *pc, uintptr_t *frame)
{
    const struct mw_header *header = walk->header;
    uintptr_t at = sp + header->asmcgocall_frame;

    if (header->cgocall_frame == 0 || !stack_word(walk, at, pc) || !is_in(*pc, header->cgocall_lo, header->cgocall_hi))
        return 0;
    *frame = at + header->cgocall_frame;
    return 1;
}

/* From cgocallback's frame, whose callee keeps rbp at `frame`, to the goroutine's frames outside of the C that called back. 1: go on
 * at *outer; 0: there are none, C's own thread called; -1: it does not hold. */
static int leave_callback(struct walk *walk, uintptr_t frame, uintptr_t *outer)
{
    uintptr_t sp = frame + 2 * WORD + walk->header->cgocallback_frame + WORD, pc;

    *walk->flags |= MW_GO_CALLBACK;
    if (sp > walk->hi - TOP_BYTES && sp <= walk->hi)
        return 0;
    if (!is_cgo_call(walk, sp, &pc, outer))
        return -1;
    return add(walk, pc) ? 1 : -1;
}

/* Up the chain of saved rbp, each above the one before. */
static void climb(struct walk *walk, uintptr_t frame)
{
    const struct mw_header *header = walk->header;
    uintptr_t pc, next;

    for (;;) {
        if (!stack_word(walk, frame, &next) || !stack_word(walk, frame + WORD, &pc) || !is_go(header, pc)) {
            *walk->flags |= MW_GO_BROKEN;
            return;
        }
        if (is_in(pc, header->goexit_lo, header->goexit_hi)) {
            *walk->flags |= MW_GO_WHOLE;
            return;
        }
        if (!add(walk, pc))
            return;
        if (is_in(pc, header->cgocallback_lo, header->cgocallback_hi)) {
            int how = leave_callback(walk, frame, &next);

            if (how <= 0) {
                *walk->flags |= how == 0 ? MW_GO_WHOLE : walk->count == walk->room ? 0 : MW_GO_BROKEN;
                return;
            }
        }
        if (next <= frame) {
            *walk->flags |= MW_GO_BROKEN;
            return;
        }
        frame = next;
    }
}

size_t mw_walk_go(struct mw_header *header, uint64_t *pcs, size_t room, uint32_t *flags)
{
    struct goroutine found;
    struct walk walk = {header, 0, 0, pcs, room, 0, flags};
    uintptr_t sp, rbp, pc;
    int how = find_goroutine(header, &found);

    if (how <= 0) {
        *flags |= how < 0 ? MW_GO_BROKEN : 0;
        return 0;
    }
    walk.lo = found.lo;
    walk.hi = found.hi;
    sp = word_at(found.curg + header->g_sched_sp);
    if (sp >= found.hi - TOP_BYTES && sp <= found.hi)
        return 0; /* C's own thread, between two callbacks */
    if (is_cgo_call(&walk, sp, &pc, &rbp)) {
        if (!add(&walk, pc))
            return walk.count;
    } else {
        rbp = word_at(found.curg + header->g_sched_bp); /* systemstack: the runtime itself calls C */
        if (rbp < sp) {
            *flags |= MW_GO_BROKEN;
            return 0;
        }
    }
    climb(&walk, rbp);
    return walk.count;
}

int mw_go_stack(const struct mw_header *header, uintptr_t sp, uintptr_t *lo, uintptr_t *hi)
{
    struct goroutine found;

    if (!find_machine(header, &found))
        return 0;
    *lo = word_at(found.g0 + header->g_stack_lo);
    *hi = word_at(found.g0 + header->g_stack_hi);
    return are_bounds(*lo, *hi) && sp >= *lo && sp < *hi;
}
