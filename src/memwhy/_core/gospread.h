/* Types, from objects that have one to those they point to. */
#ifndef MEMWHY_GOSPREAD_H
#define MEMWHY_GOSPREAD_H

#include "goedges.h"

/* An object's type, where it has none yet and the size allows it; and all that follows from it. Types whose words_to is not
 * there are written down in `wanted`, a byte a row. Returns 0, or -1 for no memory. */
int gospread(struct goedges *edges, uint8_t *wanted);

/* When all types are told: the place of every edge in the element of its array, GOEDGES_FAR where that is further in than can be said. */
void gospread_settle(struct goedges *edges);

/* The type of one object, from outside: of a global's word. */
void gospread_seed(struct goedges *edges, uint32_t object, uint32_t row);

#endif
