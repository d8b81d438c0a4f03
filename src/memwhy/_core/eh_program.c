/* DWARF 5, section 6.4.2 (call frame instructions); registers by the System V ABI of x86-64, section 3.6.2: 6 is rbp, 7 is rsp,
 * 16 the return address. Only the frame's address, rbp and the return address are followed: all that a walk up the stack needs. */
#include "eh_program.h"

#include <stdlib.h>
#include <string.h>

#define RBP 6
#define RSP 7
#define RETURN 16
#define DEEPEST 8 /* remembered states */

enum saved { UNCHANGED, AT_OFFSET, AT_RBP, ELSEWHERE };

struct state {
    uint64_t cfa_register;
    int64_t cfa_offset;
    enum { REGISTER, BEHIND_RBP, UNKNOWN } cfa_kind;
    enum saved rbp, ra;
    int64_t rbp_offset;
    int outermost;
};

struct run {
    struct state now, first, remembered[DEEPEST];
    size_t depth;
    int failed;
};

uint64_t eh_fixed(struct eh_cursor *cursor, size_t bytes)
{
    uint64_t value = 0;

    if ((size_t)(cursor->end - cursor->at) < bytes) {
        cursor->bad = 1;
        cursor->at = cursor->end;
        return 0;
    }
    memcpy(&value, cursor->at, bytes);
    cursor->at += bytes;
    return value;
}

uint64_t eh_uleb(struct eh_cursor *cursor)
{
    uint64_t value = 0;
    unsigned shift = 0;

    for (;;) {
        uint64_t byte = eh_fixed(cursor, 1);

        if (cursor->bad || shift > 63) {
            cursor->bad = 1;
            return 0;
        }
        value |= (byte & 0x7f) << shift;
        shift += 7;
        if (!(byte & 0x80))
            return value;
    }
}

int64_t eh_sleb(struct eh_cursor *cursor)
{
    uint64_t value = 0, byte;
    unsigned shift = 0;

    do {
        byte = eh_fixed(cursor, 1);
        if (cursor->bad || shift > 63) {
            cursor->bad = 1;
            return 0;
        }
        value |= (byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && byte & 0x40)
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

void eh_skip(struct eh_cursor *cursor, uint64_t bytes)
{
    if ((uint64_t)(cursor->end - cursor->at) < bytes) {
        cursor->bad = 1;
        cursor->at = cursor->end;
    } else {
        cursor->at += bytes;
    }
}

int eh_append(struct eh_rows *out, uint64_t pc_offset, struct eh_row rule)
{
    if (pc_offset > UINT32_MAX)
        return 0;
    rule.pc_offset = (uint32_t)pc_offset;
    if (out->count == out->capacity) {
        size_t capacity = out->capacity ? 2 * out->capacity : 1024;
        struct eh_row *grown = realloc(out->rows, capacity * sizeof *grown);

        if (grown == NULL)
            return -1;
        out->rows = grown;
        out->capacity = capacity;
    }
    out->rows[out->count++] = rule;
    return 0;
}

static struct eh_row rule_of(const struct state *state)
{
    const struct eh_row none = {0, 0, 0, EH_NO_RULE};
    struct eh_row row = none;
    int64_t rbp_words = state->rbp_offset / 8;

    if (state->outermost) {
        row.kind = EH_OUTERMOST;
        return row;
    }
    if (state->cfa_kind == UNKNOWN || state->ra != AT_OFFSET || state->rbp == ELSEWHERE)
        return none;
    if (state->cfa_offset % 8 || state->cfa_offset / 8 > INT16_MAX || state->cfa_offset / 8 < INT16_MIN)
        return none;
    row.cfa_words = (int16_t)(state->cfa_offset / 8);
    if (state->rbp != UNCHANGED) {
        if (state->rbp_offset % 8 || rbp_words > INT8_MAX || rbp_words < INT8_MIN)
            return none;
        row.rbp_words = (int8_t)rbp_words;
    }
    if (state->cfa_kind == BEHIND_RBP) {
        row.kind = state->rbp == AT_RBP ? EH_ALIGNED : EH_NO_RULE;
        return row.kind ? row : none;
    }
    if (state->rbp == AT_RBP || (state->rbp == AT_OFFSET && rbp_words == 0))
        return none;
    if (state->cfa_register == RSP)
        row.kind = EH_BY_RSP;
    else if (state->cfa_register == RBP)
        row.kind = EH_BY_RBP;
    else
        return none;
    return row;
}

/* Is it DW_OP_breg6 N, perhaps dereferenced, and nothing else? gcc writes these for functions that align their stack. */
static int is_behind_rbp(struct eh_cursor *expression, int deref, int64_t *offset)
{
    if (eh_fixed(expression, 1) != 0x70 + RBP)
        return 0;
    *offset = eh_sleb(expression);
    if (deref && eh_fixed(expression, 1) != 0x06)
        return 0;
    return !expression->bad && expression->at == expression->end;
}

static struct eh_cursor block_of(struct eh_cursor *program)
{
    uint64_t length = eh_uleb(program);
    struct eh_cursor block = {program->at, program->at, 0};

    eh_skip(program, length);
    if (!program->bad)
        block.end = program->at;
    return block;
}

static void save(struct state *state, uint64_t which, enum saved how, int64_t offset)
{
    if (which == RBP) {
        state->rbp = how;
        state->rbp_offset = how == UNCHANGED ? 0 : offset;
    } else if (which == RETURN) {
        state->ra = how == AT_OFFSET && offset == -8 ? AT_OFFSET : ELSEWHERE;
        state->outermost = 0;
    }
}

static void restore(struct run *run, uint64_t which)
{
    if (which == RBP) {
        run->now.rbp = run->first.rbp;
        run->now.rbp_offset = run->first.rbp_offset;
    } else if (which == RETURN) {
        run->now.ra = run->first.ra;
        run->now.outermost = run->first.outermost;
    }
}

static void define_cfa(struct state *state, uint64_t which, int64_t offset)
{
    state->cfa_kind = REGISTER;
    state->cfa_register = which;
    state->cfa_offset = offset;
}

static void expression_of(struct state *state, struct eh_cursor *program)
{
    uint64_t which = eh_uleb(program);
    struct eh_cursor block = block_of(program);
    int64_t offset;

    if (which == RBP && is_behind_rbp(&block, 0, &offset))
        save(state, which, AT_RBP, offset);
    else
        save(state, which, ELSEWHERE, 0);
}

static void cfa_expression(struct state *state, struct eh_cursor *program)
{
    struct eh_cursor block = block_of(program);

    state->cfa_kind = is_behind_rbp(&block, 1, &state->cfa_offset) ? BEHIND_RBP : UNKNOWN;
}

static void remember(struct run *run)
{
    if (run->depth == DEEPEST)
        run->failed = 1;
    else
        run->remembered[run->depth++] = run->now;
}

/* Instructions that move no program counter. */
static void obey(struct run *run, uint8_t op, const struct eh_common *common, struct eh_cursor *program)
{
    struct state *now = &run->now;
    uint64_t which;

    switch (op) {
    case 0x00: /* nop */
        break;
    case 0x05: /* offset_extended */
        which = eh_uleb(program);
        save(now, which, AT_OFFSET, (int64_t)((uint64_t)eh_uleb(program) * (uint64_t)common->data_align));
        break;
    case 0x06: /* restore_extended */
        restore(run, eh_uleb(program));
        break;
    case 0x07: /* undefined; for the return address: nobody called */
        which = eh_uleb(program);
        save(now, which, ELSEWHERE, 0);
        now->outermost = which == RETURN || now->outermost;
        break;
    case 0x08: /* same_value */
        save(now, eh_uleb(program), UNCHANGED, 0);
        break;
    case 0x09: /* register */
        which = eh_uleb(program);
        (void)eh_uleb(program);
        save(now, which, ELSEWHERE, 0);
        break;
    case 0x0a:
        remember(run);
        break;
    case 0x0b: /* restore_state */
        if (run->depth == 0)
            run->failed = 1;
        else
            *now = run->remembered[--run->depth];
        break;
    case 0x0c: /* def_cfa */
        which = eh_uleb(program);
        define_cfa(now, which, (int64_t)eh_uleb(program));
        break;
    case 0x0d: /* def_cfa_register */
        define_cfa(now, eh_uleb(program), now->cfa_offset);
        break;
    case 0x0e: /* def_cfa_offset */
        define_cfa(now, now->cfa_register, (int64_t)eh_uleb(program));
        break;
    case 0x0f:
        cfa_expression(now, program);
        break;
    case 0x10:
        expression_of(now, program);
        break;
    case 0x11: /* offset_extended_sf */
        which = eh_uleb(program);
        save(now, which, AT_OFFSET, (int64_t)((uint64_t)eh_sleb(program) * (uint64_t)common->data_align));
        break;
    case 0x12: /* def_cfa_sf */
        which = eh_uleb(program);
        define_cfa(now, which, (int64_t)((uint64_t)eh_sleb(program) * (uint64_t)common->data_align));
        break;
    case 0x13: /* def_cfa_offset_sf */
        define_cfa(now, now->cfa_register, (int64_t)((uint64_t)eh_sleb(program) * (uint64_t)common->data_align));
        break;
    case 0x14: /* val_offset, val_offset_sf: the register is a number, not a place */
    case 0x15:
        which = eh_uleb(program);
        (void)eh_uleb(program);
        save(now, which, ELSEWHERE, 0);
        break;
    case 0x16: /* val_expression */
        which = eh_uleb(program);
        (void)block_of(program);
        save(now, which, ELSEWHERE, 0);
        break;
    case 0x2e: /* GNU_args_size */
        (void)eh_uleb(program);
        break;
    case 0x2f: /* GNU_negative_offset_extended */
        which = eh_uleb(program);
        save(now, which, AT_OFFSET, -(int64_t)((uint64_t)eh_uleb(program) * (uint64_t)common->data_align));
        break;
    default:
        run->failed = 1;
    }
}

/* How far the instruction moves the program counter; *moved says whether it is one that does. */
static uint64_t advance(uint8_t op, const struct eh_common *common, struct eh_cursor *program, int *moved)
{
    *moved = 1;
    if (op >> 6 == 1)
        return (op & 0x3f) * common->code_align;
    switch (op) {
    case 0x02:
        return eh_fixed(program, 1) * common->code_align;
    case 0x03:
        return eh_fixed(program, 2) * common->code_align;
    case 0x04:
        return eh_fixed(program, 4) * common->code_align;
    default:
        *moved = 0;
        return 0;
    }
}

/* The row that holds up to the next one; an equal neighbour or a place already passed adds none. */
static int draw(const struct run *run, uint64_t pc, uint64_t low, struct eh_rows *out, size_t first)
{
    struct eh_row rule = rule_of(&run->now), *last = out->count > first ? &out->rows[out->count - 1] : NULL;

    if (last != NULL && last->pc_offset == (uint32_t)pc && pc <= UINT32_MAX) {
        rule.pc_offset = last->pc_offset;
        *last = rule;
        return 0;
    }
    if (last != NULL && pc > low && last->kind == rule.kind && last->cfa_words == rule.cfa_words && last->rbp_words == rule.rbp_words)
        return 0;
    return eh_append(out, pc, rule);
}

static int run_program(struct run *run, const struct eh_common *common, struct eh_cursor program, uint64_t low, uint64_t high,
                       struct eh_rows *out)
{
    size_t first = out ? out->count : 0;
    uint64_t pc = low;

    while (program.at < program.end && !program.bad && !run->failed) {
        uint8_t op = (uint8_t)eh_fixed(&program, 1);
        int moved;
        uint64_t by = advance(op, common, &program, &moved);

        if (moved) {
            if (out && draw(run, pc, low, out, first) < 0)
                return -1;
            if (by > high - pc)
                break;
            pc += by;
        } else if (op >> 6 == 2) { /* offset */
            save(&run->now, op & 0x3f, AT_OFFSET, (int64_t)(eh_uleb(&program) * (uint64_t)common->data_align));
        } else if (op >> 6 == 3) {
            restore(run, op & 0x3f);
        } else {
            obey(run, op, common, &program);
        }
    }
    if (program.bad || run->failed)
        return 1;
    if (out && pc < high && draw(run, pc, low, out, first) < 0)
        return -1;
    return 0;
}

int eh_program_run(const struct eh_common *common, struct eh_cursor program, uint64_t low, uint64_t high, struct eh_rows *out)
{
    const struct eh_row none = {0, 0, 0, EH_NO_RULE};
    size_t first = out->count;
    struct run run;
    int status;

    memset(&run, 0, sizeof run);
    run.now.cfa_kind = UNKNOWN;
    run.now.ra = ELSEWHERE;
    status = run_program(&run, common, common->program, 0, UINT64_MAX, NULL);
    if (status == 0) {
        run.first = run.now;
        run.depth = 0;
        if (common->signal)
            run.now.cfa_kind = UNKNOWN;
        status = run_program(&run, common, program, low, high, out);
    }
    if (status < 0)
        return -1;
    if (status > 0) {
        out->count = first;
        if (eh_append(out, low, none) < 0)
            return -1;
    }
    return eh_append(out, high, none) < 0 ? -1 : status;
}
