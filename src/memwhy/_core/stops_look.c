/* Where a stopped thread stands, and what it will come back to.
 *
 * struct rt_sigframe has the interrupted rip 176 bytes behind its start, and cs, gs, fs and ss as one word 16 bytes behind that
 * (arch/x86/include/uapi/asm/sigcontext.h). A word on a stack that looks like a return address may be left over from a call that ended. It
 * counts only if the thread can be in malloc at all: malloc calls nobody but libraries that are named to us and waits in few system calls,
 * unless a signal handler runs on top of it. */
#define _GNU_SOURCE
#include "stops_look.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2 /* Linux 5.11; headers may be older */
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter 426
#endif

enum { SAVED_CS_WORDS = 2, FUTEX_OPERATION = 0x7f, WAIT_BITSET = 9 };
#define SAVED_CS UINT64_C(0x002b000000000033) /* cs 0x33, gs 0, fs 0, ss 0x2b: of 64-bit programs */

static int is_in(const struct stop_request *request, uint64_t word, int lowest_kind, int highest_kind)
{
    for (size_t i = 0; i < request->range_count; i++) {
        const struct stop_range *range = &request->ranges[i];
        if (word >= range->lo && word < range->hi && range->kind >= lowest_kind && range->kind <= highest_kind)
            return 1;
    }
    return 0;
}

/* System calls in which threads wait, and which no malloc makes. A condition variable's futex waits with a bit set, a lock's does not. */
static int waits_elsewhere(const struct user_regs_struct *registers)
{
    switch ((long)registers->orig_rax) {
    case SYS_nanosleep: case SYS_clock_nanosleep: case SYS_pause:
    case SYS_poll: case SYS_ppoll: case SYS_select: case SYS_pselect6:
    case SYS_epoll_wait: case SYS_epoll_pwait: case SYS_epoll_pwait2:
    case SYS_accept: case SYS_accept4: case SYS_connect: case SYS_recvfrom: case SYS_recvmsg: case SYS_recvmmsg:
    case SYS_sendto: case SYS_sendmsg: case SYS_sendmmsg: case SYS_readv: case SYS_writev: case SYS_flock:
    case SYS_wait4: case SYS_waitid: case SYS_rt_sigsuspend: case SYS_rt_sigtimedwait: case SYS_io_getevents:
    case SYS_msgrcv: case SYS_semop: case SYS_semtimedop: case SYS_mq_timedreceive: case SYS_io_uring_enter:
        return 1;
    case SYS_futex:
        return (registers->rsi & FUTEX_OPERATION) == WAIT_BITSET;
    default:
        return 0;
    }
}

static int may_be_in_malloc(const struct stop_request *request, const struct user_regs_struct *registers)
{
    int named = 0;

    for (size_t i = 0; i < request->range_count; i++)
        named |= request->ranges[i].kind == STOP_MALLOC;
    return !waits_elsewhere(registers) && (!named || is_in(request, registers->rip, STOP_NO_WORD, STOP_MALLOC));
}

/* The range in which all those lie that no word may point into: what is outside needs no closer look. */
static void bound_words(const struct stop_request *request, uint64_t *lowest, uint64_t *highest)
{
    *lowest = UINT64_MAX;
    *highest = 0;
    for (size_t i = 0; i < request->range_count; i++) {
        const struct stop_range *range = &request->ranges[i];
        if (range->kind != STOP_NO_WORD)
            continue;
        *lowest = range->lo < *lowest ? range->lo : *lowest;
        *highest = range->hi > *highest ? range->hi : *highest;
    }
}

/* Words of the stack from sp on, as many as can be read. */
static size_t read_stack(const struct stop_request *request, uint64_t sp, uint64_t *buffer)
{
    uint64_t from = sp & ~(uint64_t)7;
    struct iovec here = {buffer, request->scan_bytes}, there = {(void *)(uintptr_t)from, request->scan_bytes};
    ssize_t size = process_vm_readv(request->pid, &here, 1, &there, 1, 0); /* faster than /proc/PID/mem, and sometimes forbidden */

    if (size <= 0)
        size = pread(request->mem, buffer, request->scan_bytes, (off_t)from);
    return size > 0 ? (size_t)size / 8 : 0;
}

uint64_t stop_look(const struct stop_request *request, const struct user_regs_struct *registers, uint64_t *buffer)
{
    uint64_t lowest, highest, pointed = 0;
    int counts = may_be_in_malloc(request, registers);
    size_t count;

    if (is_in(request, registers->rip, STOP_KEEP_OUT, STOP_NO_WORD))
        return registers->rip;
    bound_words(request, &lowest, &highest);
    count = read_stack(request, registers->rsp, buffer);
    for (size_t i = 0; i < count; i++) {
        if (buffer[i] == SAVED_CS && i >= SAVED_CS_WORDS) {
            counts = 1; /* whatever it interrupted may be in malloc */
            if (is_in(request, buffer[i - SAVED_CS_WORDS], STOP_KEEP_OUT, STOP_NO_WORD))
                return buffer[i - SAVED_CS_WORDS];
        }
        if (buffer[i] >= lowest && buffer[i] < highest && pointed == 0 && is_in(request, buffer[i], STOP_NO_WORD, STOP_NO_WORD))
            pointed = buffer[i];
    }
    return counts ? pointed : 0;
}
