#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LARGE 8192u

static const uint64_t *segment_of(const struct memory *memory, uint64_t address)
{
    size_t low = 0, high = memory->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->segments[3 * middle + 1] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == memory->count || memory->segments[3 * low] > address)
        return NULL;
    return memory->segments + 3 * low;
}

static size_t read_at(int fd, uint64_t offset, char *into, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(fd, into + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

/* What process_vm_readv(2) gets of it: it copies once where a read of /proc/PID/mem copies twice, but gets only what the process itself may read. */
static size_t read_directly(pid_t pid, uint64_t address, void *into, size_t size)
{
    struct iovec remote = {(void *)(uintptr_t)address, size}, local = {into, size};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

    return got > 0 ? (size_t)got : 0;
}

size_t memory_read(const struct memory *memory, uint64_t address, void *into, size_t size)
{
    size_t done = 0;

    if (address > (uint64_t)INT64_MAX || size > (uint64_t)INT64_MAX - address)
        return 0;
    if (memory->count == 0 && memory->pid > 0 && size >= LARGE)
        done = read_directly(memory->pid, address, into, size);
    if (memory->count == 0)
        return done + read_at(memory->fd, address + done, (char *)into + done, size - done);
    while (done < size) {
        const uint64_t *segment = segment_of(memory, address + done);
        size_t wanted, got;
        if (segment == NULL)
            break;
        wanted = size - done;
        if (wanted > segment[1] - (address + done))
            wanted = (size_t)(segment[1] - (address + done));
        got = read_at(memory->fd, segment[2] + (address + done - segment[0]), (char *)into + done, wanted);
        done += got;
        if (got < wanted)
            break;
    }
    return done;
}

#define BATCH 1024
#define NEAR_PAGE 4096u
#define NEAR_BYTES 65536
#define NEAR_MOST 512 /* larger elements do not share a page often enough */

/* How many of the next elements stand in one page, behind the first of them; one that crosses pages stands alone. bytes: up to the last one's end. */
static size_t run_of(const uint64_t *addresses, size_t count, size_t size, size_t *bytes)
{
    uint64_t first = addresses[0], page = first / NEAR_PAGE;
    size_t members = 1;

    *bytes = size;
    if ((first + size - 1) / NEAR_PAGE != page)
        return 1;
    for (; members < count; members++) {
        uint64_t at = addresses[members];
        if (at < first || (at + size - 1) / NEAR_PAGE != page)
            break;
        if (at - first + size > *bytes)
            *bytes = (size_t)(at - first) + size;
    }
    return members;
}

/* The same as gather_batch, of small elements: those of one page are read at once, since each part of a list costs the kernel as much as some
 * hundred bytes. tried: how many elements were asked for. */
static ssize_t gather_near(pid_t pid, const uint64_t *addresses, size_t count, size_t size, char *out, size_t *tried)
{
    char bounce[NEAR_BYTES], *from = bounce;
    struct iovec remote[BATCH], local = {bounce, 0};
    size_t members[BATCH], bytes, runs = 0, done = 0;
    ssize_t left;

    *tried = 0;
    do {
        members[runs] = run_of(addresses + *tried, count - *tried, size, &bytes);
        remote[runs] = (struct iovec){(void *)(uintptr_t)addresses[*tried], bytes};
        local.iov_len += bytes;
        *tried += members[runs++];
    } while (*tried < count && runs < BATCH && local.iov_len <= sizeof bounce - NEAR_PAGE);
    left = process_vm_readv(pid, &local, 1, remote, runs, 0);
    if (left < 0)
        return errno == EFAULT ? 0 : -1;
    for (size_t i = 0; i < runs && (size_t)left >= remote[i].iov_len; i++) {
        const uint64_t *first = addresses + done;
        for (size_t k = 0; k < members[i]; k++, done++)
            memcpy(out + done * size, from + (first[k] - first[0]), size);
        from += remote[i].iov_len;
        left -= (ssize_t)remote[i].iov_len;
    }
    return (ssize_t)done;
}

/* Whole elements that one process_vm_readv(2) got; -1 when that call is not to be had (ENOSYS, seccomp). */
static ssize_t gather_batch(pid_t pid, const uint64_t *addresses, size_t count, size_t size, char *out)
{
    struct iovec remote[BATCH], local = {out, count * size};
    ssize_t got;

    for (size_t i = 0; i < count; i++) {
        remote[i].iov_base = (void *)(uintptr_t)addresses[i];
        remote[i].iov_len = size;
    }
    got = process_vm_readv(pid, &local, 1, remote, count, 0);
    if (got < 0)
        return errno == EFAULT ? 0 : -1;
    return (ssize_t)((size_t)got / size);
}

void memory_gather(const struct memory *memory, const uint64_t *addresses, size_t count, size_t size, void *into)
{
    int by_pid = memory->count == 0 && memory->pid > 0 && size > 0;
    size_t next = 0, most = BATCH;

    while (next < count) {
        char *out = (char *)into + next * size;
        size_t batch = count - next < most ? count - next : most, got = 0;
        ssize_t whole = 0;
        if (by_pid)
            whole = size <= NEAR_MOST ? gather_near(memory->pid, addresses + next, batch, size, out, &batch)
                                      : gather_batch(memory->pid, addresses + next, batch, size, out);
        if (whole < 0) {
            by_pid = 0;
            continue;
        }
        next += (size_t)whole;
        if ((size_t)whole == batch) {
            most = most < BATCH ? most * 2 : BATCH;
            continue;
        }
        /* The one that stopped the batch. Where many do, small batches keep the rest from being listed again and again. */
        most = most > 1 ? most / 2 : 1;
        out = (char *)into + next * size;
        got = memory_read(memory, addresses[next], out, size);
        memset(out + got, 0, size - got);
        next++;
    }
}
