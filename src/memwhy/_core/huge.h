/* Memory for tables of the size of a heap: asked for in huge pages, so that a million small ones need not be zeroed and found one by one
 * (Documentation/admin-guide/mm/transhuge.rst). Where the kernel gives none, it is plain memory. */
#ifndef MEMWHY_HUGE_H
#define MEMWHY_HUGE_H

#include <stddef.h>

/* As malloc, calloc and realloc, of count * size bytes; let go of by free. */
void *huge_alloc(size_t count, size_t size);
void *huge_zeroed(size_t count, size_t size);
void *huge_more(void *memory, size_t count, size_t size);

#endif
