/* Unwind rules from a file's .eh_frame: where the caller's frame and rbp are, for each program counter, in 8 bytes a row. */
#ifndef MEMWHY_EH_ROWS_H
#define MEMWHY_EH_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* As in native/c/layout.h, which the sampler's unwinder reads. */
enum eh_kind { EH_NO_RULE, EH_BY_RSP, EH_BY_RBP, EH_OUTERMOST, EH_ALIGNED };

struct eh_row {
    uint32_t pc_offset;
    int16_t cfa_words;
    int8_t rbp_words;
    uint8_t kind;
};

struct eh_rows {
    struct eh_row *rows; /* by pc_offset, none twice; malloc'ed, the caller frees */
    size_t count, capacity;
    size_t functions;   /* descriptions (FDEs) that were read … */
    size_t broken;      /* … and those that made no sense */
    ptrdiff_t fault_at; /* offset of the record at which reading had to stop; -1: the end was reached */
};

/* section_address: where raw lies, in the file's own addresses; rows count from base. 0, or -1: out of memory, -2: more than most rows. */
int eh_rows_read(const uint8_t *raw, size_t length, uint64_t section_address, uint64_t base, size_t most, struct eh_rows *out);

#endif
