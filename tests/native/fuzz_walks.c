/* Walks stacks of nonsense by rules of nonsense: whatever the target's own memory and the sampler's tables hold, no walk may read
 * outside of the stack's bounds, or go on for ever. A smoke test for AddressSanitizer.
 *
 *   cc -fsanitize=address,undefined -I src/memwhy/native/c -o fuzz tests/native/fuzz_walks.c src/memwhy/native/c/unwind.c src/memwhy/native/c/gowalk.c
 *   ./fuzz ROUNDS
 *
 * Each stack is a heap block of exactly its size, so that a read one word past it is caught. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gowalk.h"
#include "unwind.h"

#define ROOM 40

static uint64_t state = 88172645463325252u;
static __thread uint64_t g_slot;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* A number that may be an address of the stack, of the modules, of Go's text, or nothing. */
static uint64_t word(uint64_t lo, uint64_t words)
{
    switch (draw(7)) {
    case 0:
        return draw(UINT64_MAX);
    case 1:
        return draw(2) ? 0 : UINT64_MAX - draw(32);
    case 2:
    case 3:
        return lo + 8 * draw(words + 2) + (draw(9) == 0);
    case 4:
        return draw(4) ? 0x400000 + draw(0x1100) : 0x500000 + draw(0x100); /* Go's text */
    default:
        return 0x400000 + draw(0x1100);
    }
}

static struct mw_header *tables(void)
{
    return mmap(NULL, MW_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void write_rules(struct mw_header *header)
{
    struct mw_module *modules = (struct mw_module *)((char *)header + MW_AT_MODULES);
    struct mw_row *rows = (struct mw_row *)((char *)header + MW_AT_ROWS);
    struct mw_pc_cached *cache = (struct mw_pc_cached *)((char *)header + MW_AT_PC_CACHE);

    header->modules_epoch = (uint32_t)(2 * draw(3000) + (draw(20) == 0));
    header->modules_used = draw(30) ? 4 - (uint32_t)(draw(5) == 0) : (uint32_t)draw(UINT32_MAX);
    for (int i = 0; i < 4; i++)
        modules[i] = (struct mw_module){0x400000 + 0x400 * (uint64_t)i, 0x400000 + 0x400 * (uint64_t)i + (draw(5) ? 0x400 : draw(0x800)),
                                        draw(40) ? (uint32_t)draw(60) : (uint32_t)draw(UINT32_MAX),
                                        draw(40) ? 20 + (uint32_t)draw(40) : (uint32_t)draw(UINT32_MAX), 0};
    for (int i = 0; i < 130; i++)
        rows[i] = (struct mw_row){draw(9) ? 40 * ((uint32_t)i % 20) : (uint32_t)draw(0x400), (int16_t)(draw(30) ? 1 + draw(6) : draw(65536)), (int8_t)(draw(8) ? -(int)draw(6) : (int)draw(256)),
                                  (uint8_t)(draw(3) ? 1 : draw(6))};
    for (int i = 0; i < 20; i++)
        cache[draw(MW_PC_CACHE)].packed = draw(3) ? 0 : draw(UINT64_MAX);
}

static long walk_c(struct mw_header *header)
{
    uint64_t words = 1 + draw(60), pcs[ROOM];
    uint64_t *stack = malloc(8 * words), lo = (uint64_t)stack, hi = lo + 8 * words;
    struct mw_thread thread = {.thread_pointer = draw(UINT64_MAX), .stack_lo = lo, .stack_hi = hi};
    uint32_t flags = 0;
    size_t room = 1 + draw(ROOM), found;

    for (uint64_t i = 0; i < words; i++)
        stack[i] = word(lo, words);
    thread.stack_check = lo ^ hi ^ thread.thread_pointer ^ (draw(20) == 0);
    header->main_stack_lo = lo;
    header->main_stack_hi = draw(4) ? 0 : hi;
    write_rules(header);
    found = mw_unwind_c(header, &thread, 0x400000 + draw(0x1000), draw(9) ? lo + 8 * draw(1 + words / 4) : word(lo, words), word(lo, words),
                        pcs, room, &flags);
    if (found < 1 || found > room)
        abort();
    free(stack);
    return (long)found;
}

static long walk_go(struct mw_header *header)
{
    uint64_t words = 4 + draw(80), pcs[ROOM];
    uint64_t *stack = malloc(8 * words), lo = (uint64_t)stack, hi = lo + 8 * words, frame = lo;
    uint64_t g0[8] = {0}, m[4] = {0}, curg[8] = {0};
    uint32_t flags = 0;
    size_t room = draw(ROOM), found;

    for (uint64_t i = 0; i < words; i++)
        stack[i] = word(lo, words);
    stack[1] = 0x500000 + draw(0x100);
    for (uint64_t at = 2 + draw(6); at + 2 < words && draw(12); at += 2 + draw(5)) { /* a chain that may hold for a while */
        *(uint64_t *)frame = lo + 8 * at;
        frame = lo + 8 * at;
        stack[at + 1] = 0x500000 + draw(0x100);
    }
    g_slot = (uint64_t)g0;
    g0[0] = (uint64_t)m;
    m[0] = (uint64_t)g0;
    m[1] = draw(20) ? (uint64_t)curg : 0;
    curg[0] = draw(20) ? (uint64_t)m : (uint64_t)stack;
    curg[1] = draw(20) ? word(lo, words) : lo;
    curg[2] = draw(3) ? lo : word(lo, words);
    curg[3] = lo;
    curg[4] = hi;
    found = mw_walk_go(header, pcs, room, &flags);
    if (found > room)
        abort();
    free(stack);
    return (long)found;
}

int main(int count, char **words)
{
    long rounds = count > 1 ? atol(words[1]) : 0, frames_c = 0, frames_go = 0;
    struct mw_header *header = tables();
    uint64_t thread_pointer;

    if (header == MAP_FAILED)
        return 2;
    __asm__("movq %%fs:0, %0" : "=r"(thread_pointer));
    header->go_text_lo = 0x500000;
    header->go_text_hi = 0x500100;
    for (long round = 0; round < rounds; round++)
        frames_c += walk_c(header);
    header->g_tls_offset = (int64_t)((uint64_t)&g_slot - thread_pointer);
    header->g_tls_found = 1;
    header->g_m = 0;
    header->m_g0 = 0;
    header->m_curg = 8;
    header->g_sched_sp = 8;
    header->g_sched_bp = 16;
    header->g_stack_lo = 24;
    header->g_stack_hi = 32;
    header->cgocall_lo = 0x500000;
    header->cgocall_hi = 0x500040;
    header->cgocallback_lo = 0x500040;
    header->cgocallback_hi = 0x500050;
    header->goexit_lo = 0x5000f0;
    header->goexit_hi = 0x5000ff;
    header->asmcgocall_frame = 8;
    header->cgocall_frame = 24;
    header->cgocallback_frame = 8;
    for (long round = 0; round < rounds; round++)
        frames_go += walk_go(header);
    printf("%ld %ld\n", frames_c, frames_go);
    return 4 * frames_c > 5 * rounds && frames_go > rounds ? 0 : 1;
}
