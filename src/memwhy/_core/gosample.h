/* Some objects of each large group at random, and who points to them: what stands in them tells what the group is filled with.
 *
 * An object is taken when a hash of its number is below its chance, so the same heap gives the same sample. Of a group's objects the larger
 * ones have the greater chance (as many as GOSAMPLE_OBJECTS are expected of a group); headers of maps and channels, which are alike in size, have
 * the same one. Single structs are left out: what points to them shows them whole. */
#ifndef MEMWHY_GOSAMPLE_H
#define MEMWHY_GOSAMPLE_H

#include "gogroups.h"

#define GOSAMPLE_OBJECTS 256u
#define GOSAMPLE_HEADERS 2048u
#define GOSAMPLE_ALL 12288u             /* of all groups together, else fewer of each; of headers as many again */
#define GOSAMPLE_LEAST 800u             /* a group of less than this part of the heap is not asked about */
#define GOSAMPLE_LEAST_OF_FEW 2000u     /* but when it is few objects that keep more than this part */
#define GOSAMPLE_FEW 16u
#define GOSAMPLE_LEAST_OF_HEADERS 20000u /* headers: less than this one */
#define GOSAMPLE_POINTERS 256u          /* so many of those that point to one object are read */
#define GOSAMPLE_LEADS 65536u           /* and so many in all */
#define GOSAMPLE_READ_BYTES (UINT64_C(256) << 20)
#define GOSAMPLE_SURE (UINT64_C(1) << 32)

/* chance: of GOSAMPLE_SURE. pointers: how many in objects that are reached point to it, 0 of headers. */
struct gosampled {
    uint32_t object, group;
    uint64_t chance;
    uint32_t pointers;
};

/* A word that points to what was sampled, and the two behind it, as they stand there now: a slice's length and capacity, a string's length.
 * type: of the object that it stands in, 0 where nobody knows; word: of that object. */
struct gosample_lead {
    uint64_t sampled, type, place, word, value, next, after;
};

struct gosample {
    struct gosampled *rows; /* by object */
    size_t count, room;
    uint8_t *is_in;         /* a bit an object: of those that are no headers */
    uint32_t *sources;      /* objects that point to one of them, in their order */
    size_t source_count, source_room;
};

/* 0, -1 for no memory, 1 when the tick of the roots says so. Takes the place of what was sampled before. */
int gosample_make(struct gosample *sample, const struct gogroups *groups, const struct goedges *edges, const struct godominators *found);

/* The words of objects that point to what was sampled, read anew; `leads` is to be freed. 0, or -1 for no memory. */
int gosample_leads(const struct gosample *sample, struct goedges *edges, struct gosample_lead **leads, size_t *count);

void gosample_close(struct gosample *sample);

#endif
