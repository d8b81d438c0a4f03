/* What a Go program's DWARF says of global variables and captured ones: their types as the runtime knows them. DWARF 2 to 5. */
#ifndef MEMWHY_GODWARF_H
#define MEMWHY_GODWARF_H

#include <stddef.h>
#include <stdint.h>

struct godwarf_rows {
    uint64_t *words; /* rows of two or three */
    size_t count, room;
};

/* variables: address, type. types: place of a type's entry, DW_AT_go_runtime_type. captured: where the closure's name stands in
 * .debug_info, offset in the closure, type. A type is the place of its entry. */
struct godwarf {
    struct godwarf_rows variables, types, captured;
};

/* Damaged units are left out. Returns 0, or -1 for no memory. */
int godwarf_read(struct godwarf *found, const uint8_t *info, size_t info_size, const uint8_t *abbrev, size_t abbrev_size);
void godwarf_close(struct godwarf *found);

#endif
