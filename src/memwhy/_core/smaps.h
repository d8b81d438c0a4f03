/* Rows of integers from the text of /proc/PID/smaps. The grammar and the columns are those of
 * memwhy/sources/proc/mapping_rows.py, whose rows_pure is the specification of this loop. */
#ifndef MEMWHY_SMAPS_H
#define MEMWHY_SMAPS_H

#include <stddef.h>
#include <stdint.h>

#define SMAPS_COLUMNS 21

struct smaps_rows {
    uint64_t *cells; /* SMAPS_COLUMNS of each row; malloc'ed, the caller frees */
    size_t rows;
    size_t capacity; /* in rows */
};

/* Reads the text up to its first bad line, whose offset is returned; -1: every line is good; -2: out of memory. */
ptrdiff_t smaps_read(const char *text, size_t length, struct smaps_rows *out);

#endif
