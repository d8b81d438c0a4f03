/* All threads of another process stopped at once, a few bytes compared and written, all let go. See stops.c. */
#ifndef STOPS_H
#define STOPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum stop_outcome {
    STOP_DONE,
    STOP_GONE,       /* no such process any more, or it executed another program */
    STOP_DENIED,     /* a thread may not be traced: tid, error */
    STOP_LATE,       /* a thread did not stop in time: tid */
    STOP_INSIDE,     /* a thread stands where it must not: tid, and at which address */
    STOP_DIFFERENT,  /* the bytes in memory are not those expected: index of the write */
    STOP_UNWRITABLE, /* the kernel did not take a write: index, error; what was written before it is taken back */
    STOP_MEMORY,     /* no memory of our own, or no thread */
};

struct stop_write {
    uint64_t address;
    size_t size;
    const unsigned char *expected, *fresh; /* expected may be NULL: whatever is there */
};

/* [lo, hi), and what it means for a thread. */
enum stop_kind {
    STOP_KEEP_OUT,  /* it may not stand there, nor may a signal handler return there */
    STOP_NO_WORD,   /* nor may a word of its stack point there, if the thread may be in malloc */
    STOP_MALLOC,    /* the code of malloc and of what it calls: a thread elsewhere is not in it */
};

struct stop_range {
    uint64_t lo, hi;
    int kind;
};

struct stop_request {
    pid_t pid;
    int mem; /* descriptor of its /proc/PID/mem, open for reading and, unless `poke`, writing */
    int poke; /* write by PTRACE_POKEDATA at once */
    const struct stop_write *writes;
    size_t write_count;
    const struct stop_range *ranges;
    size_t range_count;
    size_t scan_bytes; /* of each thread's stack, from its stack pointer on */
    uint64_t most_wait_ns; /* for the threads to stop */
};

struct stop_answer {
    enum stop_outcome outcome;
    pid_t tid;
    int error;
    uint64_t address;
    size_t index;
    uint64_t stop_ns; /* from the first thread seized to the last let go */
    size_t threads;
};

void stop_and_write(const struct stop_request *request, struct stop_answer *answer);

/* The classic BPF program that a thread was confined by, newest first: its instructions (8 bytes each) into a fresh buffer of malloc.
 * Returns their count, 0 when there is no such program, -errno when it may not be read. */
long stop_filter(pid_t tid, unsigned index, unsigned char **program);

#endif
