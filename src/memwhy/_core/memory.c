#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

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

size_t memory_read(const struct memory *memory, uint64_t address, void *into, size_t size)
{
    size_t done = 0;

    if (address > (uint64_t)INT64_MAX || size > (uint64_t)INT64_MAX - address)
        return 0;
    if (memory->count == 0)
        return read_at(memory->fd, address, into, size);
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
        ssize_t whole = by_pid ? gather_batch(memory->pid, addresses + next, batch, size, out) : 0;
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
