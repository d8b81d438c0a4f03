/* The malloc family, where a count-down ran out or a block may be a sample. The originals do all the work; the sampler only asks them for
 * another alignment. */
#include "sampler.h"

#define LARGE_BYTES 0x20000u             /* from here on malloc may map a block by itself: M_MMAP_THRESHOLD (mallopt(3)) */
#define MOST_MOVED_BYTES (32u << 20)     /* DEFAULT_MMAP_THRESHOLD_MAX: what is larger is mapped unless someone forbade it */

typedef void *one_size(uint64_t);
typedef void *two_sizes(uint64_t, uint64_t);
typedef void *resize(uint64_t, uint64_t);
typedef int aligned_into(void **, uint64_t, uint64_t);
typedef void release(void *);
typedef int *where_errno(void);

#define ORIGINAL(type, function) ((type *)mw_original(function))

static int state_is(enum mw_state state) { return mw_is_awake() && mw_state() == state; }

static void copy(void *to, const void *from, uint64_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static void clear(void *to, uint64_t bytes)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(0) : "memory");
}

/* A block that the table can hold, or NULL with errno as it was: the caller has not asked for this one. */
static void *aligned(uint64_t bytes)
{
    where_errno *where = ORIGINAL(where_errno, MW_ERRNO_LOCATION);
    two_sizes *memalign = ORIGINAL(two_sizes, MW_MEMALIGN);
    aligned_into *posix = ORIGINAL(aligned_into, MW_POSIX_MEMALIGN);
    int before = where != NULL ? *where() : 0;
    void *block = NULL;

    if (memalign != NULL)
        block = memalign(MW_ALIGNMENT, bytes);
    else if (posix == NULL || posix(&block, MW_ALIGNMENT, bytes) != 0)
        block = NULL;
    if (block == NULL && where != NULL)
        *where() = before;
    return block;
}

/* A block with the same first bytes at an address that the table can hold; the block itself where there is no room, or where moving would
 * make too much resident that was not. */
static void *moved(void *block, uint64_t bytes, uint64_t copied)
{
    void *better;

    if (mw_can_be_kept((uint64_t)block) || copied > MOST_MOVED_BYTES)
        return block;
    better = aligned(bytes);
    if (better == NULL)
        return block;
    copy(better, block, copied);
    ORIGINAL(release, MW_FREE)(block);
    return better;
}

static void *allocated(uint64_t bytes)
{
    void *block = NULL;

    if (bytes < LARGE_BYTES)
        block = aligned(bytes);
    if (block == NULL)
        block = ORIGINAL(one_size, MW_MALLOC)(bytes);
    return block == NULL ? NULL : moved(block, bytes, 0);
}

static void *cleared(uint64_t bytes)
{
    void *block = NULL;

    if (bytes < LARGE_BYTES && (block = aligned(bytes)) != NULL)
        clear(block, bytes);
    if (block == NULL)
        block = ORIGINAL(two_sizes, MW_CALLOC)(1, bytes);
    return block == NULL ? NULL : moved(block, bytes, bytes);
}

static uint64_t kept(struct mw_thread *thread, struct mw_sample *sample, const struct mw_call *call, void *block)
{
    if (block == NULL)
        return 0;
    if (mw_can_be_kept((uint64_t)block))
        mw_keep(thread, sample, call, (uint64_t)block);
    else
        mw_add(&mw_header()->lost_samples, 1);
    return (uint64_t)block;
}

static int is_drawn(struct mw_thread *thread, uint64_t bytes, struct mw_sample *sample)
{
    return mw_count_down(thread, bytes) && mw_draw(thread, bytes, sample);
}

static uint64_t allocate(const struct mw_call *call, uint64_t bytes)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    struct mw_sample sample;
    uint64_t left;
    void *block;

    if (!is_drawn(thread, bytes, &sample))
        return (uint64_t)ORIGINAL(one_size, MW_MALLOC)(bytes);
    left = mw_enter(thread);
    block = allocated(bytes);
    mw_leave(thread, left);
    return kept(thread, &sample, call, block);
}

uint64_t mw_on_malloc(const struct mw_call *call) { return allocate(call, call->a); }

uint64_t mw_on_calloc(const struct mw_call *call)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    uint64_t bytes = call->a * call->b, left; /* the shell has seen that it does not overflow */
    struct mw_sample sample;
    void *block;

    if (!is_drawn(thread, bytes, &sample))
        return (uint64_t)ORIGINAL(two_sizes, MW_CALLOC)(call->a, call->b);
    left = mw_enter(thread);
    block = cleared(bytes);
    mw_leave(thread, left);
    return kept(thread, &sample, call, block);
}

void mw_on_free(const struct mw_call *call)
{
    struct mw_block block;

#ifdef MW_PRELOAD
    if (mw_is_early(call->a))
        return;
#endif
    if (call->a != 0 && (state_is(MW_ON) || state_is(MW_DRAIN)))
        mw_forget(call->a, &block);
    ORIGINAL(release, MW_FREE)((void *)call->a);
}

/* The old block leaves the sample and the new one is drawn by its own size, moved or not. It keeps its age where both are drawn, as nearly
 * all are that are larger than the period: a buffer that only grows would stay young for ever. */
static uint64_t reallocate(const struct mw_call *call, uint64_t old, uint64_t bytes)
{
    struct mw_thread *thread;
    struct mw_sample sample;
    struct mw_block block;
    int had, drawn = 0;
    uint64_t left;
    void *new;

    if (old == 0 && state_is(MW_ON))
        return allocate(call, bytes);
    had = mw_forget(old, &block);
    if (!state_is(MW_ON) || bytes == 0)
        return (uint64_t)ORIGINAL(resize, MW_REALLOC)(old, bytes);
    thread = mw_thread_here((uintptr_t)(call + 1));
    drawn = is_drawn(thread, bytes, &sample);
    left = mw_enter(thread);
    new = ORIGINAL(resize, MW_REALLOC)(old, bytes);
    if (new != NULL && drawn)
        new = moved(new, bytes, bytes);
    mw_leave(thread, left);
    if (new == NULL && had)
        mw_put_back(old, &block);
    if (had && drawn)
        sample.block.born = block.born;
    return drawn ? kept(thread, &sample, call, new) : (uint64_t)new;
}

uint64_t mw_on_realloc(const struct mw_call *call) { return reallocate(call, call->a, call->b); }

uint64_t mw_on_reallocarray(const struct mw_call *call)
{
    uint64_t bytes;

    if (__builtin_mul_overflow(call->b, call->c, &bytes))
        return ((uint64_t(*)(uint64_t, uint64_t, uint64_t))mw_original(MW_REALLOCARRAY))(call->a, call->b, call->c);
    return reallocate(call, call->a, bytes);
}

static int is_power_of_two(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

/* memalign and aligned_alloc; alignments that the original would refuse or round reach it as they are. */
static uint64_t allocate_aligned(const struct mw_call *call, enum mw_function function)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    struct mw_sample sample;
    int drawn = is_drawn(thread, call->b, &sample);
    uint64_t left = mw_enter(thread);
    void *block = NULL;

    if (drawn && call->a < MW_ALIGNMENT && is_power_of_two(call->a))
        block = aligned(call->b);
    if (block == NULL)
        block = ORIGINAL(two_sizes, function)(call->a, call->b);
    mw_leave(thread, left);
    return drawn ? kept(thread, &sample, call, block) : (uint64_t)block;
}

uint64_t mw_on_memalign(const struct mw_call *call) { return allocate_aligned(call, MW_MEMALIGN); }
uint64_t mw_on_aligned_alloc(const struct mw_call *call) { return allocate_aligned(call, MW_ALIGNED_ALLOC); }

uint64_t mw_on_posix_memalign(const struct mw_call *call)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    struct mw_sample sample;
    int drawn = is_drawn(thread, call->c, &sample), refused = 0;
    uint64_t left = mw_enter(thread);
    void *block = NULL;

    if (drawn && call->b < MW_ALIGNMENT && is_power_of_two(call->b) && call->b % sizeof(void *) == 0)
        block = aligned(call->c);
    if (block == NULL)
        refused = ORIGINAL(aligned_into, MW_POSIX_MEMALIGN)(&block, call->b, call->c);
    mw_leave(thread, left);
    if (refused != 0)
        return (uint64_t)(uint32_t)refused;
    *(void **)call->a = block;
    if (drawn)
        kept(thread, &sample, call, block);
    return 0;
}

/* valloc and pvalloc: whole pages, which the table can hold as they come. */
static uint64_t allocate_pages(const struct mw_call *call, enum mw_function function)
{
    struct mw_thread *thread = mw_thread_here((uintptr_t)(call + 1));
    struct mw_sample sample;
    int drawn = is_drawn(thread, call->a, &sample);
    uint64_t left = mw_enter(thread);
    void *block = ORIGINAL(one_size, function)(call->a);

    mw_leave(thread, left);
    return drawn ? kept(thread, &sample, call, block) : (uint64_t)block;
}

uint64_t mw_on_valloc(const struct mw_call *call) { return allocate_pages(call, MW_VALLOC); }
uint64_t mw_on_pvalloc(const struct mw_call *call) { return allocate_pages(call, MW_PVALLOC); }
