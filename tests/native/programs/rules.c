/* rules NAME: does one thing with the malloc or mmap family, writes "ready" and what it wants to say, and waits for its standard input to end.
 * Nothing of stdio is used, so that no other block is ever made. All blocks are of 100 bytes and more, which a period of one byte samples all. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static void *volatile sink;

static void check(int holds, const char *what)
{
    if (holds)
        return;
    (void)!write(2, what, strlen(what));
    (void)!write(2, "\n", 1);
    _exit(1);
}

static void *filled(size_t bytes)
{
    char *block = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        block[i] = (char)i;
    return block;
}

static int is_filled(const char *block, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (block[i] != (char)i)
            return 0;
    return 1;
}

static void do_malloc(void) { sink = filled(1000); }
static void do_freed(void) { free(malloc(1000)); }
static void do_free_null(void) { free(NULL); }
static void do_large(void) { sink = filled(300000); }

static void do_calloc(void)
{
    char *dirty = malloc(5000), *clean;
    memset(dirty, 1, 5000);
    free(dirty);
    clean = calloc(50, 100);
    for (int i = 0; i < 5000; i++)
        check(clean[i] == 0, "calloc gave a block that is not clear");
    sink = clean;
}

static void do_calloc_large(void)
{
    char *clean = calloc(1000, 1000000);
    for (size_t i = 0; i < 1000000000; i += 10000000)
        check(clean[i] == 0, "calloc gave a block that is not clear");
    sink = clean;
}

static void do_calloc_overflow(void)
{
    volatile size_t many = SIZE_MAX / 2;
    errno = 0;
    sink = calloc(many, 3);
    check(sink == NULL && errno == ENOMEM, "calloc of too much");
}

static void do_realloc_null(void) { sink = realloc(NULL, 700); }
static void do_realloc_zero(void) { sink = realloc(malloc(700), 0); check(sink == NULL, "realloc to 0 gave a block"); }

static void do_realloc_moved(void)
{
    char *block = filled(700);
    sink = malloc(100); /* behind it, so that it cannot grow in place */
    block = realloc(block, 9000);
    check(is_filled(block, 700), "realloc lost bytes");
    sink = block;
}

static void do_realloc_shrunk(void)
{
    char *block = realloc(filled(9000), 500);
    check(is_filled(block, 500), "realloc lost bytes");
    sink = block;
}

static void do_realloc_mapped(void)
{
    char *block = filled(500000);
    for (size_t bytes = 1000000; bytes <= 64000000; bytes *= 2)
        block = realloc(block, bytes);
    check(is_filled(block, 500000), "realloc lost bytes");
    sink = block;
}

static void do_realloc_waited(void)
{
    char byte, *block = filled(500000);
    (void)!write(1, "held\n", 5);
    (void)!read(0, &byte, 1);
    sink = realloc(block, 900000);
}

static void do_realloc_failed(void)
{
    volatile size_t much = (size_t)1 << 60;
    char *block = filled(700);
    errno = 0;
    check(realloc(block, much) == NULL && errno == ENOMEM, "realloc of too much");
    check(is_filled(block, 700), "a realloc that failed lost bytes");
    sink = block;
}

static void do_reallocarray(void)
{
    volatile size_t many = SIZE_MAX / 2;
    char *block = reallocarray(NULL, 10, 70);
    block = reallocarray(block, 10, 200);
    check(reallocarray(block, many, 3) == NULL && errno == ENOMEM, "reallocarray of too much");
    sink = block;
}

static void do_aligned(void)
{
    void *block = NULL;
    volatile size_t odd = 24;
    for (size_t alignment = 16; alignment <= 8192; alignment *= 2) {
        check(((uintptr_t)(sink = memalign(alignment, 200)) & (alignment - 1)) == 0, "memalign");
        check(((uintptr_t)(sink = aligned_alloc(alignment, 200)) & (alignment - 1)) == 0, "aligned_alloc");
        check(posix_memalign(&block, alignment, 200) == 0 && ((uintptr_t)block & (alignment - 1)) == 0, "posix_memalign");
    }
    check(posix_memalign(&block, odd, 200) == EINVAL, "posix_memalign with an odd alignment");
    check(((uintptr_t)(sink = valloc(200)) & (PAGE - 1)) == 0, "valloc");
    check(((uintptr_t)(sink = pvalloc(200)) & (PAGE - 1)) == 0, "pvalloc");
}

static void do_errno_kept(void)
{
    errno = 77;
    sink = malloc(1000);
    free(sink);
    sink = calloc(10, 100);
    sink = realloc(sink, 50000);
    free(sink);
    check(errno == 77, "errno has changed");
}

static void do_malloc_failed(void)
{
    volatile size_t much = (size_t)1 << 60;
    errno = 0;
    sink = malloc(much);
    check(sink == NULL && errno == ENOMEM, "malloc of too much");
}

static char *map(size_t pages, int prot)
{
    char *address = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(address != MAP_FAILED, "mmap");
    return address;
}

#define RW (PROT_READ | PROT_WRITE)

static void do_mmap(void) { sink = mmap(NULL, 10 * PAGE - 5, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static void do_reserved(void) { sink = map(1000, PROT_NONE); }
static void do_munmap_all(void) { munmap(map(10, RW), 10 * PAGE); }
static void do_munmap_start(void) { munmap(map(10, RW), 3 * PAGE); }
static void do_munmap_end(void) { munmap(map(10, RW) + 7 * PAGE, 3 * PAGE); }
static void do_munmap_middle(void) { munmap(map(10, RW) + 2 * PAGE, 5 * PAGE); }

static void do_munmap_several(void)
{
    char *base = map(30, PROT_NONE);
    for (int i = 0; i < 3; i++)
        check(mmap(base + (size_t)i * 10 * PAGE, 10 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
    munmap(base + 5 * PAGE, 20 * PAGE);
}

static void do_munmap_refused(void)
{
    char *address = map(10, RW);
    errno = 0;
    check(munmap(address + 1, PAGE) == -1 && errno == EINVAL, "munmap of an odd address");
    check(munmap(address, 0) == -1 && errno == EINVAL, "munmap of nothing");
    check(mmap(address + 1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED, "mmap at an odd address");
    check(mremap(address + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED, "mremap of an odd address");
}

static void do_fixed_over(void)
{
    char *base = map(10, RW);
    check(mmap(base + 4 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
}

static void do_fixed_reserve(void)
{
    char *base = map(10, RW);
    check(mmap(base, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
}

static void do_mremap_grown(void) { sink = mremap(map(10, RW), 10 * PAGE, 50 * PAGE, MREMAP_MAYMOVE); }
static void do_mremap_shrunk(void) { sink = mremap(map(10, RW), 10 * PAGE, 4 * PAGE, 0); }

static void do_mremap_fixed(void)
{
    char *from = map(4, RW), *onto = map(10, RW);
    check(mremap(from, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, onto + 3 * PAGE) == onto + 3 * PAGE, "mremap");
}

static void do_many_mappings(void)
{
    for (int i = 0; i < 100000; i++)
        munmap(map(1 + (size_t)(i & 3), RW), (1 + (size_t)(i & 3)) * PAGE);
    map(7, RW);
}

#define DO(name) {#name, do_##name}
static const struct {
    const char *name;
    void (*work)(void);
} works[] = {
    DO(malloc), DO(freed), DO(free_null), DO(large), DO(calloc), DO(calloc_large), DO(calloc_overflow), DO(realloc_null), DO(realloc_zero),
    DO(realloc_moved), DO(realloc_shrunk), DO(realloc_mapped), DO(realloc_waited), DO(realloc_failed), DO(reallocarray), DO(aligned),
    DO(errno_kept), DO(malloc_failed), DO(mmap), DO(reserved), DO(munmap_all), DO(munmap_start), DO(munmap_end), DO(munmap_middle), DO(munmap_several),
    DO(munmap_refused), DO(fixed_over), DO(fixed_reserve), DO(mremap_grown), DO(mremap_shrunk), DO(mremap_fixed), DO(many_mappings),
};

int main(int count, char **arguments)
{
    char byte;

    for (size_t i = 0; count == 2 && i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, arguments[1]) == 0) {
            works[i].work();
            (void)!write(1, "ready\n", 6);
            while (read(0, &byte, 1) > 0)
                ;
            return 0;
        }
    return 2;
}
