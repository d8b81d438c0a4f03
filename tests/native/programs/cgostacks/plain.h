#include <stddef.h>
void *keep_bytes(size_t n);
void visit(size_t n);
void visit_from_thread(size_t n);
