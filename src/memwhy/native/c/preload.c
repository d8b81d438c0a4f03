/* The same hooks under the names of malloc's own functions, for a process that is started with LD_PRELOAD. The header comes from memwhy as a
 * shared memory file, so that the last state can still be read when the process has ended.
 *
 * A forked child shares that file. It must not write there: `mw_awake` lies in a page that the kernel clears for children (MADV_WIPEONFORK,
 * Linux 4.14), whatever way they were forked. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sampler.h"

#define DESCRIPTOR_NAME "MEMWHY_SAMPLER_FD="
#define PRELOAD_NAME "LD_PRELOAD="
#define OWN_NAME "sampler-preload.so"
#define EARLY_BLOCKS 64u
#define EARLY_BYTES 1024u

char mw_data[MW_REGION_BYTES] __attribute__((aligned(4096), visibility("hidden")));

static union {
    uint32_t awake;
    char page[4096];
} guard __attribute__((aligned(4096)));
extern uint32_t mw_awake __attribute__((alias("guard"), visibility("hidden")));

/* What dlsym itself allocates before the originals are known: blocks that are never given back. */
static char early[EARLY_BLOCKS][EARLY_BYTES] __attribute__((aligned(1024)));
static uint32_t early_used;
static int resolving;
static void *(*real_realloc)(void *, size_t);

int mw_is_early(uint64_t address) { return address - (uint64_t)early < sizeof early; }

/* So that free's shell hands these addresses to its body, which knows them. */
static void mark_early(void)
{
    for (uint32_t i = 0; i < EARLY_BLOCKS && i < early_used; i++)
        ((uint8_t *)mw_data)[MW_AT_PRESENT + ((uint64_t)early[i] * MW_SHELL_HASH >> MW_SHELL_PRESENT_SHIFT)] = UINT8_MAX;
}

static void *early_block(size_t bytes)
{
    uint32_t wanted = (uint32_t)((bytes + EARLY_BYTES - 1) / EARLY_BYTES), first;

    if (bytes > sizeof early)
        return NULL;
    first = __atomic_fetch_add(&early_used, wanted, __ATOMIC_RELAXED);
    mark_early();
    return first + wanted <= EARLY_BLOCKS ? early[first] : NULL;
}

static void resolve(void);

static void *first_malloc(size_t bytes)
{
    if (resolving)
        return early_block(bytes);
    resolve();
    return ((void *(*)(size_t))mw_real[MW_MALLOC])(bytes);
}

static void *first_calloc(size_t count, size_t bytes)
{
    size_t all;

    if (__builtin_mul_overflow(count, bytes, &all))
        return NULL;
    if (resolving)
        return early_block(all);
    resolve();
    return ((void *(*)(size_t, size_t))mw_real[MW_CALLOC])(count, bytes);
}

static void *any_realloc(void *block, size_t bytes)
{
    size_t room;
    void *new;

    if (!mw_is_early((uint64_t)block)) {
        if (real_realloc == NULL)
            resolve();
        return real_realloc(block, bytes);
    }
    room = (size_t)(early[EARLY_BLOCKS] - (char *)block);
    new = first_malloc(bytes);
    if (new != NULL)
        memcpy(new, block, bytes < room ? bytes : room);
    return new;
}

static void first_free(void *block)
{
    if (block == NULL || resolving)
        return;
    resolve();
    ((void (*)(void *))mw_real[MW_FREE])(block);
}

#define FIRST(name, number)                                                            \
    static uint64_t first_##name(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) \
    {                                                                                  \
        resolve();                                                                     \
        return ((uint64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))mw_real[number])(a, b, c, d, e, f); \
    }
FIRST(memalign, MW_MEMALIGN)
FIRST(aligned_alloc, MW_ALIGNED_ALLOC)
FIRST(posix_memalign, MW_POSIX_MEMALIGN)
FIRST(valloc, MW_VALLOC)
FIRST(pvalloc, MW_PVALLOC)
FIRST(reallocarray, MW_REALLOCARRAY)
FIRST(mmap, MW_MMAP)
FIRST(munmap, MW_MUNMAP)
FIRST(mremap, MW_MREMAP)

void *mw_real[24] __attribute__((visibility("hidden"))) = {
    (void *)first_malloc,         (void *)first_free,   (void *)first_calloc,  (void *)any_realloc,        (void *)first_memalign,
    (void *)first_aligned_alloc,  (void *)first_posix_memalign, (void *)first_valloc, (void *)first_pvalloc, (void *)first_reallocarray,
    (void *)first_mmap,           (void *)first_munmap, (void *)first_mremap,
};

static const char *const names[MW_FUNCTIONS] = {
    "malloc", "free", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc", "reallocarray",
    "mmap", "munmap", "mremap",
};

static void *missing(void)
{
    errno = ENOSYS;
    return NULL;
}

/* Looks behind this library only, so that no hook finds itself. */
static void resolve(void)
{
    resolving = 1;
    for (int i = 0; i < MW_FUNCTIONS; i++) {
        void *found = dlsym(RTLD_NEXT, names[i]);

        if (found == NULL)
            found = (void *)missing;
        if (i == MW_REALLOC)
            real_realloc = (void *(*)(void *, size_t))found;
        else
            __atomic_store_n(&mw_real[i], found, __ATOMIC_RELEASE);
    }
    mw_real[MW_ERRNO_LOCATION] = (void *)__errno_location;
    resolving = 0;
}

/* The variable's value in the environment that the kernel laid down, or NULL. */
static char *variable(const char *name)
{
    size_t length = strlen(name);

    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0)
            return *entry + length;
    return NULL;
}

/* Takes the entries that name this library out of a list that is parted by blanks and colons; in place, for Go reads the same bytes. */
static void take_out_own(char *list)
{
    char *to = list;

    while (*list != '\0') {
        size_t length = strcspn(list, " :");
        char after = list[length];
        char *slash = memrchr(list, '/', length);
        char *base = slash != NULL ? slash + 1 : list;

        if ((size_t)(list + length - base) != strlen(OWN_NAME) || strncmp(base, OWN_NAME, strlen(OWN_NAME)) != 0) {
            memmove(to, list, length);
            to += length;
            if (after != '\0')
                *to++ = after;
        }
        list += length + (after != '\0');
    }
    *to = '\0';
}

/* Without the hook, which would book it. */
static void *original_mmap(void *at, size_t bytes, int prot, int flags, int descriptor)
{
    return ((void *(*)(void *, size_t, int, int, int, off_t))mw_real[MW_MMAP])(at, bytes, prot, flags, descriptor, 0);
}

/* Leaves out of the C library's list what is now without a value; the kernel's own list keeps its length, because Go finds the auxiliary
 * vector behind it. */
static void forget_variables(void)
{
    size_t count = 0, kept = 0;
    char **list;

    while (environ[count] != NULL)
        count++;
    list = original_mmap(NULL, (count + 1) * sizeof *list, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (list == MAP_FAILED)
        return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(environ[i], PRELOAD_NAME) != 0 && strcmp(environ[i], DESCRIPTOR_NAME) != 0)
            list[kept++] = environ[i];
    environ = list;
}

/* Lays memwhy's file over the data; false when it is not what it should be. */
static int map_header(int descriptor)
{
    struct mw_header header;
    struct stat status;

    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != (off_t)MW_REGION_BYTES)
        return 0;
    if (pread(descriptor, &header, sizeof header, 0) != (ssize_t)sizeof header || header.magic != MW_MAGIC || header.version != MW_VERSION)
        return 0;
    return original_mmap(mw_data, MW_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor) == mw_data;
}

static void fall_asleep(void) { guard.awake = 0; }

static void wake_up(char *number)
{
    char *end;
    long descriptor = strtol(number, &end, 10);

    if (end != number && *end == '\0' && descriptor > 2 && descriptor <= INT32_MAX && map_header((int)descriptor)) {
        close((int)descriptor);
        mark_early();
        if (madvise(&guard, sizeof guard, MADV_WIPEONFORK) == 0 || pthread_atfork(NULL, NULL, fall_asleep) == 0)
            guard.awake = 1;
    }
    *number = '\0';
}

__attribute__((constructor)) static void start(void)
{
    char *number, *list;

    resolve();
    number = variable(DESCRIPTOR_NAME);
    list = variable(PRELOAD_NAME);
    if (list != NULL)
        take_out_own(list);
    if (number != NULL)
        wake_up(number);
    forget_variables();
}
