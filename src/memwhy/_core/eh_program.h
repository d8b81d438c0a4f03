/* The call frame program of one function: its instructions, and the rows that they draw. */
#ifndef MEMWHY_EH_PROGRAM_H
#define MEMWHY_EH_PROGRAM_H

#include "eh_rows.h"

/* A piece of the section; every read checks, and a read past the end makes `bad` stand for good. */
struct eh_cursor {
    const uint8_t *at, *end;
    int bad;
};

/* What a common entry (CIE) says for its functions. */
struct eh_common {
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointer_encoding;
    uint8_t has_size, signal;
    struct eh_cursor program;
};

uint64_t eh_fixed(struct eh_cursor *cursor, size_t bytes);
uint64_t eh_uleb(struct eh_cursor *cursor);
int64_t eh_sleb(struct eh_cursor *cursor);
void eh_skip(struct eh_cursor *cursor, uint64_t bytes);

/* Appends the rows of the function at [low, high), counted from base. 0; -1: out of memory; 1: the program makes no sense. */
int eh_program_run(const struct eh_common *common, struct eh_cursor program, uint64_t low, uint64_t high, struct eh_rows *out);

int eh_append(struct eh_rows *out, uint64_t pc_offset, struct eh_row rule);

#endif
