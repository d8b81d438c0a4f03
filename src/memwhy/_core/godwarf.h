/* Where in a Go program's DWARF its global variables and functions stand. DWARF 2 to 5. */
#ifndef MEMWHY_GODWARF_H
#define MEMWHY_GODWARF_H

#include <stddef.h>
#include <stdint.h>

struct godwarf_rows {
    uint64_t *words; /* rows of two */
    size_t count, room;
};

/* variables: address, place of the entry of its type. functions: address, place of its entry. */
struct godwarf {
    struct godwarf_rows variables, functions;
};

struct godwarf_section {
    const uint8_t *start;
    size_t size;
};

/* addresses: .debug_addr, of DWARF 5. Damaged units are left out. Returns 0, or -1 for no memory. */
int godwarf_read(struct godwarf *found, struct godwarf_section info, struct godwarf_section abbrev, struct godwarf_section addresses);
void godwarf_close(struct godwarf *found);

#endif
