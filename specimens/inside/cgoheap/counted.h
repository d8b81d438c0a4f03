/* malloc with a book beside it: what each purpose holds, in chunks and in bytes as malloc counts them. */
#ifndef COUNTED_H
#define COUNTED_H
#include <stddef.h>

enum purpose { PASSING, LOST, HELD, PURPOSES };

#ifdef __cplusplus
extern "C" {
#endif

void purpose_set(enum purpose purpose); /* of this thread */

void *counted_malloc(size_t size);
void *counted_realloc(void *block, size_t size);
char *counted_strdup(const char *text);
void counted_free(void *block);
void book(enum purpose purpose, long long *chunks, long long *bytes);

/* scrub overwrites what calls before left on the stack below: a stale word would hold a lost block. */
void scrub(void);

#ifdef __cplusplus
}
#endif
#endif
