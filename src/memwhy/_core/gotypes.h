/* Go's type descriptors, as far as their pointer masks go; each read from the target once. Source: internal/abi/type.go. */
#ifndef MEMWHY_GOTYPES_H
#define MEMWHY_GOTYPES_H

#include "memory.h"

#include <stddef.h>
#include <stdint.h>

#define GOTYPES_MOST 60000u /* told apart by a uint16, the rest is without a type */
#define GOTYPES_WORDS (1u << 21)
#define GOTYPES_DIRECTORY 3u /* added to that of a map's type: its directory, and a table of it, as that map has them */
#define GOTYPES_TABLE 4u
#define GOTYPES_HEADER 1u /* added to the address of a map's or channel's type: the key of what such a variable points to */

enum gotype_kind { GOTYPE_ARRAY = 17, GOTYPE_STRUCT = 25, GOTYPE_CHAN = 18, GOTYPE_FUNC = 19, GOTYPE_INTERFACE = 20, GOTYPE_MAP = 21, GOTYPE_POINTER = 22, GOTYPE_UNSAFE = 26,
                   GOTYPE_CLOSURE = 64, GOTYPE_MADE = 65 };

/* either: see below; with either_bytes: the row if the object has fewer bytes, and the row if not.
 * words_to: by word of the type the row of what stands behind that pointer, 0 where that is not known; NULL: nobody asked yet.
 * either: of a row that stands for two: the row if the object has a pointer at its beginning, and the row if not. */
struct gotype {
    uint64_t address, size;
    uint16_t *words_to;
    uint16_t either[2];
    uint64_t either_bytes;
    uint8_t kind;
    uint8_t direct;      /* stands in an interface's word itself */
    uint8_t followed;    /* the pointers of all its objects were followed by words_to */
    uint32_t behind;     /* 1 + what gotypes_behind says of it; 0: nobody asked yet */
    uint64_t words;      /* up to the last pointer; 0: none */
    const uint8_t *mask; /* a bit a word, to be read eight bytes at a time; NULL: every one of `words` may be a pointer */
};

struct gotypes {
    const struct memory *memory;
    int on_demand_flag;  /* TFlagGCMaskOnDemand, 0 where this Go has none */
    int program_flag;    /* KindGCProg in Kind_, 0 where this Go has none */
    struct gotype *rows; /* row 0 is "no type" */
    uint32_t count;
    uint32_t *places;
    uint64_t *codes; /* where functions begin, in order; NULL: nobody said, and any address may be one */
    size_t code_count;
    uint64_t *none; /* addresses that are of no type, as far as they are remembered */
    uint64_t conservative; /* types whose mask could not be read */
};

int gotypes_open(struct gotypes *types, const struct memory *memory, int on_demand_flag, int program_flag);
void gotypes_close(struct gotypes *types);

/* The row of the type at an address; 0 when that is none, or there are too many. */
uint32_t gotypes_find(struct gotypes *types, uint64_t address);

/* Whether there is a descriptor at an address that package reflect made while the program ran: such lie in the heap. */
int gotypes_is_made(struct gotypes *types, uint64_t address);

/* Of what stands behind an interface's second word, by the row of its type: of pointers their element; maps and channels stand for
 * their headers. 0: nobody knows. */
uint32_t gotypes_behind(struct gotypes *types, uint32_t row);

/* The addresses that closures may begin with: an object's first word can be any number. 0, or -1 for no memory. */
int gotypes_know_codes(struct gotypes *types, const uint64_t *codes, size_t count);

/* The row of closures whose code begins at an address, 0 where none does, and rows for what has no descriptor: by a key that is no address of one. */
uint32_t gotypes_closure(struct gotypes *types, uint64_t code);
uint32_t gotypes_made(struct gotypes *types, uint64_t key, uint64_t size);

#endif
